import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.db.search.terms import IN_ROW, LONGEST, MOST, Term, parse_terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dune", [Term(("dune",))]),
        ('"a b" c', [Term(("a", "b"), is_open=False), Term(("c",))]),
        ("-x", [Term(("x",), is_excluded=True)]),
        ("well-known", [Term(("well", "known"))]),
        ('"open', [Term(("open",), is_open=False)]),
        ("?!", []),
    ],
)
def test_a_text_is_words_phrases_and_what_is_left_out(text, expected):
    assert parse_terms(text) == expected


@pytest.mark.parametrize("text", ['"' + "a " * 1_000, "a-" * 1_000, "a " * 1_000])
def test_words_next_to_each_other_are_not_too_many(text):
    terms = parse_terms(text)

    assert 1 <= len(terms) <= MOST
    assert all(len(term.words) <= IN_ROW for term in terms)


@given(st.text())
def test_only_letters_and_digits_are_left_and_not_too_many(text):
    terms = parse_terms(text)

    assert len(terms) <= MOST
    for term in terms:
        assert term.words
        assert all(word.isalnum() and len(word) <= LONGEST for word in term.words)
