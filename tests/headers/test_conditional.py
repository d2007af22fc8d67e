from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.headers.conditional import Decision, ETag, evaluate, parse_etags
from tests.core.http.complexity import steep

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER, LATER = "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"
OPAQUE = st.text(
    [chr(code) for code in (0x21, *range(0x23, 0x7F), *range(0x80, 0x100))], max_size=20
)
ETAGS = st.builds(ETag, OPAQUE, st.booleans())


@given(ETAGS)
def test_a_rendered_etag_parses_to_itself(etag: ETag) -> None:
    assert ETag.parse(str(etag)) == etag


@given(st.lists(ETAGS, min_size=1, max_size=20))
def test_a_list_of_etags_parses_to_itself(etags: list[ETag]) -> None:
    assert parse_etags(", ".join(map(str, etags))) == etags


@pytest.mark.parametrize("text", ['"a","b"', ' "a" ,, "b" ,', '"a"\t,"b"'])
def test_lists_may_have_blanks_and_empty_items(text: str) -> None:
    assert parse_etags(text) == [ETag("a"), ETag("b")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        '"a',
        'a"',
        '"a" "b"',
        '"a""b"',
        'w/"a"',
        '"a", *',
        '*, "a"',
        'W/ "a"',
        '"a b"',
        '"a"x',
        '"a", W/',
        "W/",
        '"\x00"',
        '"\u20ac"',
    ],
)
def test_a_malformed_list_of_etags_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_etags(text)


def test_sixty_four_etags_are_the_limit() -> None:
    parse_etags(",".join(['"a"'] * 64))
    with pytest.raises(BadRequest, match="64"):
        parse_etags(",".join(['"a"'] * 65))


@pytest.mark.parametrize("value", ['a"', "a b", "a\n", "\x7f", "\u20ac", "\t"])
def test_an_etag_cannot_be_made_of_what_would_end_it(value: str) -> None:
    with pytest.raises(ValueError, match="entity tag"):
        ETag(value)


@pytest.mark.parametrize(
    ("one", "other", "strongly", "weakly"),
    [
        (ETag("1", weak=True), ETag("1", weak=True), False, True),
        (ETag("1", weak=True), ETag("2", weak=True), False, False),
        (ETag("1", weak=True), ETag("1"), False, True),
        (ETag("1"), ETag("1"), True, True),
    ],
)
def test_etags_compare_as_in_rfc_9110_8_8_3_2(
    one: ETag, other: ETag, strongly: bool, weakly: bool
) -> None:
    assert (one.matches_strongly(other), one.matches_weakly(other)) == (strongly, weakly)


@given(st.text())
def test_any_list_of_etags_is_read_or_refused(text: str) -> None:
    try:
        etags = parse_etags(text)
    except BadRequest:
        return
    assert etags is None or etags


def test_parsing_is_linear() -> None:
    assert steep(parse_etags) == []


GO, RANGE = Decision.PERFORM, Decision.PERFORM_RANGE
SAME, FAILED = Decision.NOT_MODIFIED, Decision.PRECONDITION_FAILED


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {}, GO),
        ("PUT", {"if-match": '"now"'}, GO),
        ("PUT", {"if-match": '"then", "now"'}, GO),
        ("PUT", {"if-match": '"then"'}, FAILED),
        ("PUT", {"if-match": 'W/"now"'}, FAILED),
        ("PUT", {"if-match": "*"}, GO),
        ("GET", {"if-match": '"then"'}, FAILED),
        ("PUT", {"if-unmodified-since": DATE}, GO),
        ("PUT", {"if-unmodified-since": LATER}, GO),
        ("PUT", {"if-unmodified-since": EARLIER}, FAILED),
        ("PUT", {"if-unmodified-since": "nonsense"}, GO),
        ("PUT", {"if-match": '"now"', "if-unmodified-since": EARLIER}, GO),
        ("GET", {"if-none-match": '"now"'}, SAME),
        ("HEAD", {"if-none-match": 'W/"now"'}, SAME),
        ("GET", {"if-none-match": '"then"'}, GO),
        ("GET", {"if-none-match": "*"}, SAME),
        ("PUT", {"if-none-match": "*"}, FAILED),
        ("PUT", {"if-none-match": '"now"'}, FAILED),
        ("GET", {"if-modified-since": DATE}, SAME),
        ("GET", {"if-modified-since": LATER}, SAME),
        ("GET", {"if-modified-since": EARLIER}, GO),
        ("GET", {"if-modified-since": "nonsense"}, GO),
        ("POST", {"if-modified-since": DATE}, GO),
        ("GET", {"if-none-match": '"then"', "if-modified-since": DATE}, GO),
        ("GET", {"if-match": '"then"', "if-none-match": '"now"'}, FAILED),
        ("GET", {"if-match": '"now"', "if-none-match": '"now"'}, SAME),
        ("GET", {"range": "bytes=0-1"}, RANGE),
        ("HEAD", {"range": "bytes=0-1"}, GO),
        ("GET", {"range": "bytes=0-1", "if-range": '"now"'}, RANGE),
        ("GET", {"range": "bytes=0-1", "if-range": '"then"'}, GO),
        ("GET", {"range": "bytes=0-1", "if-range": 'W/"now"'}, GO),
        ("GET", {"range": "bytes=0-1", "if-range": '"mal"formed"'}, GO),
        ("GET", {"range": "bytes=0-1", "if-range": DATE}, RANGE),
        ("GET", {"range": "bytes=0-1", "if-range": LATER}, GO),
        ("GET", {"range": "bytes=0-1", "if-range": "nonsense"}, GO),
        ("GET", {"if-range": '"now"'}, GO),
        ("GET", {"range": "bytes=0-1", "if-none-match": '"now"'}, SAME),
    ],
)
def test_conditions_count_in_the_order_of_rfc_9110_13_2_2(
    method: str, headers: dict[str, str], expected: Decision
) -> None:
    moment = MOMENT.replace(microsecond=500)

    assert evaluate(method, headers, etag=ETag("now"), last_modified=moment) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"if-match": "*"}, FAILED),
        ({"if-none-match": "*"}, GO),
        ({"if-match": '"a"'}, FAILED),
        ({"if-none-match": '"a"'}, GO),
        ({"if-unmodified-since": DATE}, GO),
    ],
)
def test_conditions_on_what_does_not_exist(headers: dict[str, str], expected: Decision) -> None:
    assert evaluate("PUT", headers, exists=False) is expected
