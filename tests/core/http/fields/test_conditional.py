from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.fields.conditional import (
    Decision,
    ETag,
    evaluate,
    format_http_date,
    parse_etags,
    parse_http_date,
)
from tests.core.http.complexity import steep

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
EARLIER, LATER = "Sun, 06 Nov 1994 08:49:36 GMT", "Sun, 06 Nov 1994 08:49:38 GMT"
OPAQUE = st.text(
    [chr(code) for code in (0x21, *range(0x23, 0x7F), *range(0x80, 0x100))], max_size=20
)
ETAGS = st.builds(ETag, OPAQUE, st.booleans())


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones())  # noqa: DTZ001
)
def test_a_formatted_date_parses_to_itself(moment: datetime) -> None:
    # In an hour that a zone has twice, Python finds no two datetimes equal across zones.
    utc = moment.astimezone(UTC).replace(microsecond=0)

    assert parse_http_date(format_http_date(moment)) == utc


def test_a_date_is_written_in_gmt() -> None:
    east = MOMENT.astimezone(timezone(timedelta(hours=5)))

    assert format_http_date(east) == DATE


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_http_date(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text", [DATE, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", f" {DATE} "]
)
def test_all_three_forms_of_dates_are_read(text: str) -> None:
    assert parse_http_date(text) == MOMENT


def test_a_leap_second_is_read_as_the_one_before() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(
        2016, 12, 31, 23, 59, 59, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov ١٩٩٤ 08:49:37 GMT",
        "Sunday, 06-Nov-9 08:49:37 GMT",
        "0",
        "1 2 3 4 5",
        "-1",
        "Sun, 06 Nov 1994 08:49:37 GMT" + " " * 64,
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


@given(st.text() | st.text("SunNovGMT 0123456789:,-", max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = parse_http_date(text)

    assert moment is None or moment.tzinfo is UTC


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
    assert steep(parse_http_date) == []


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
