import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.db.search.terms import LONGEST, MOST, Term, parse_terms


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


@given(st.text())
def test_only_letters_and_digits_are_left_and_not_too_many(text):
    terms = parse_terms(text)

    assert len(terms) <= MOST
    for term in terms:
        assert term.words
        assert all(word.isalnum() and len(word) <= LONGEST for word in term.words)
