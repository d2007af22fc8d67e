import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.negotiation import (
    Preference,
    best_match,
    parse_preferences,
)
from tests.core.http.complexity import steep

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        (" , ,", []),
        ("a/b", [("a/b", 1000)]),
        ("a/b;q=0.5, c/d ; q=0", [("a/b", 500), ("c/d", 0)]),
        ("a/b;level=1;q=0.25;ext=x", [("a/b;level=1", 250)]),
        ('a/b;x="q=0,1";Q=1.000', [('a/b;x="q=0,1"', 1000)]),
        ("a;q=2, b;q=-1, c;q=.5, d;q=0.1234, e;q=1.001, f;q=x, g;q=, h;q=0.", [("h", 0)]),
        ("a;q=\u0660, b", [("b", 1000)]),
    ],
)
def test_preferences_are_read_in_order(header: str, expected: list[tuple[str, int]]) -> None:
    assert parse_preferences(header) == [Preference(*pair) for pair in expected]


@pytest.mark.parametrize("header", [",".join(["a"] * 33), "a" * 5_000, 'a;x="'])
def test_preferences_over_their_limits_are_refused(header: str) -> None:
    with pytest.raises(BadRequest):
        parse_preferences(header)


@pytest.mark.parametrize(
    ("accept", "offers", "expected"),
    [
        ("", ["application/json", "text/html"], "application/json"),
        ("*/*", ["application/json", "text/html"], "application/json"),
        (CHROME, ["application/json", "text/html"], "text/html"),
        (CHROME, ["application/json"], "application/json"),
        ("text/*", ["application/json", "text/html"], "text/html"),
        ("text/html", ["application/json"], None),
        ("text/html;q=0, */*", ["text/html", "application/json"], "application/json"),
        ("text/html;q=0, */*", ["text/html"], None),
        ("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", ["text/plain", "image/png"], "image/png"),
        ("a/b;q=0.5, c/d;q=0.5", ["c/d", "a/b"], "c/d"),
        ("TEXT/HTML", ["text/html"], "text/html"),
        ("application/json, */*", ["text/html", "application/json"], "application/json"),
        ("text/html;level=1", ["text/html"], None),
        ("text/html;level=1;q=0.1, text/html", ["text/html;level=1"], "text/html;level=1"),
        ("text/html;level=1;q=0.1, text/html", ["text/html;level=1", "text/html"], "text/html"),
        ("text/html", ["text/html; charset=utf-8"], "text/html; charset=utf-8"),
        ("*/json, garbage, /", ["application/json"], None),
        ("garbage;q=9", ["application/json"], "application/json"),
        ("*/*", [], None),
    ],
)
def test_the_best_media_type_is_chosen(
    accept: str, offers: list[str], expected: str | None
) -> None:
    assert best_match(accept, offers) == expected


@given(st.text() | st.text('ab/*;,q=01. "\\', max_size=60))
def test_any_header_chooses_an_offer_or_none(header: str) -> None:
    offers = ["a/b", "b/a;a=b"]

    try:
        assert best_match(header, offers) in {*offers, None}
    except BadRequest:
        assert '"' in header


def test_negotiating_is_linear() -> None:
    assert steep(parse_preferences) == []
    assert steep(lambda header: best_match(header, ["a/b", "c/d"])) == []
