import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.db import headline
from gambrel.db.search import headlines

LONG = "word " * 100 + "a desert planet, and the spice that all want " + "more " * 100


@pytest.mark.parametrize(
    ("text", "asked", "expected"),
    [
        ("A desert planet", "planet", "A desert <mark>planet</mark>"),
        ("A desert planet", "PLAN des", "A <mark>desert</mark> <mark>planet</mark>"),
        ("Größe und Café", "grosse cafe", "<mark>Größe</mark> und <mark>Café</mark>"),
        ("red sun, sun red", '"red sun"', "<mark>red sun</mark>, sun red"),
        ("A desert planet", "moon -desert", "A desert planet"),
        ("<b>bold</b> & co", "bold", "&lt;b&gt;<mark>bold</mark>&lt;/b&gt; &amp; co"),
        ("", "x", ""),
        (None, "x", ""),
    ],
)  # fmt: skip
def test_words_that_were_asked_for_are_marked_and_all_else_is_text(text, asked, expected):
    assert headline(text, asked) == expected


def test_of_a_long_text_the_piece_is_shown_that_has_most_of_it():
    shown = headline(LONG, "spice planet", length=60)

    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "<mark>planet</mark>, and the <mark>spice</mark>" in shown
    assert len(shown) < 110


def test_where_nothing_is_found_a_text_begins_with_its_beginning_at_a_whole_word():
    assert headline("seven words " * 50, "nothing", length=30) == "seven words seven words seven …"


def test_only_so_much_of_a_text_is_looked_at(monkeypatch):
    monkeypatch.setattr(headlines, "LOOKED_AT", 10)

    assert headline("0123456789 planet", "planet") == "0123456789"


@given(st.text(max_size=300), st.text(max_size=40), st.integers(1, 100))
def test_whatever_is_asked_of_whatever_text_what_is_shown_is_of_it_and_safe(text, asked, length):
    shown = headline(text, asked, length=length)

    bare = shown.replace("<mark>", "").replace("</mark>", "")
    assert "<" not in bare
    assert shown.count("<mark>") == shown.count("</mark>")
