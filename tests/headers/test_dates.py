from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.fields.dates import format_http_date
from gambrel.headers.dates import parse_http_date
from tests.core.http.complexity import steep

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones())  # noqa: DTZ001
)
def test_a_formatted_date_parses_to_itself(moment: datetime) -> None:
    # In an hour that a zone has twice, Python finds no two datetimes equal across zones.
    utc = moment.astimezone(UTC).replace(microsecond=0)

    assert parse_http_date(format_http_date(moment)) == utc


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


def test_parsing_is_linear() -> None:
    assert steep(parse_http_date) == []
