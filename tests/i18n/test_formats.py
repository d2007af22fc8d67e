import datetime as dt
from decimal import Decimal

import pytest

from gambrel import GambrelError
from gambrel.i18n import (
    format_compact,
    format_currency,
    format_date,
    format_datetime,
    format_list,
    format_number,
    format_percent,
    format_relative,
    format_time,
    to_visitor,
)
from gambrel.i18n.zones import UTC

MOMENT = dt.datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def plain(text: str) -> str:
    """Return a text with spaces of one kind."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_numbers_are_those_of_the_language(languages):
    assert format_number(1234.5) == "1,234.5"
    with languages.use("de"):
        assert format_number(1234567.891) == "1.234.567,891"
        assert format_number(Decimal("0.10")) == "0,1"
        assert format_number(1234.5, 2) == "1.234,50"
        assert format_number(1234.5, 0) == "1.234"
        assert plain(format_percent(0.125)) == "12 %"
        assert plain(format_percent(0.125, 1)) == "12,5 %"
        assert plain(format_currency(1234.5, "EUR")) == "1.234,50 €"
        assert plain(format_compact(1_234_567)) == "1,2 Mio."


def test_moments_are_in_the_zone_of_the_visitor(languages):
    with languages.use("de", "Europe/Berlin"):
        assert format_date(MOMENT) == "02.07.2026"
        assert format_time(MOMENT) == "00:30"
        assert format_datetime(MOMENT, "short") == "02.07.26, 00:30"
        assert format_date(MOMENT, "d. MMMM y") == "2. Juli 2026"
        assert format_date(dt.date(2026, 7, 1), "long") == "1. Juli 2026"
        assert format_time(dt.time(8, 5)) == "08:05"
        assert to_visitor(MOMENT).hour == 0
    with languages.use("de", "America/New_York"):
        assert format_date(MOMENT) == "01.07.2026"
    assert format_date(MOMENT) == "Jul 1, 2026"


def test_a_moment_as_seen_from_now(languages):
    with languages.use("de"):
        assert format_relative(MOMENT, MOMENT + dt.timedelta(hours=3)) == "vor 3 Stunden"
        assert format_relative(MOMENT, MOMENT - dt.timedelta(days=2)) == "in 2 Tagen"
        assert "vor" in format_relative(dt.datetime.now(UTC) - dt.timedelta(minutes=5))


def test_things_in_a_row(languages):
    with languages.use("de"):
        assert format_list(["Ann", "Bob", 3]) == "Ann, Bob und 3"
        assert format_list(["Ann", "Bob"], "or") == "Ann oder Bob"
    assert format_list([]) == ""


@pytest.mark.parametrize(
    "show", [format_date, format_time, format_datetime, format_relative, to_visitor]
)
def test_a_time_without_a_zone_is_no_moment(show):
    with pytest.raises(GambrelError, match="has no time zone") as told:
        show(dt.datetime(2026, 7, 1))  # noqa: DTZ001 - that is what is refused
    assert told.value.code == "i18n.naive"


def test_a_moment_at_the_ends_of_the_calendar_is_shown_as_it_is(languages):
    """`datetime.max` stands for "never" in many a database."""
    never = dt.datetime.max.replace(tzinfo=UTC)
    with languages.use("de", "Asia/Tokyo"):
        assert to_visitor(never) is never
        assert format_date(never) == "31.12.9999"
        assert format_datetime(never).startswith("31.12.9999")


def test_long_numbers_have_all_their_digits_and_endless_ones_are_short(languages):
    with languages.use("de"):
        assert format_number(10**30) == "1.000.000.000.000.000.000.000.000.000.000"
        assert format_number(10**30, 1) == "1.000.000.000.000.000.000.000.000.000.000,0"
        assert format_currency(10**27, "EUR").startswith("1.000.000.000.000.000.000.000.000.000,00")
        assert format_percent(10**27).startswith("100.000")
        assert format_compact(10**30).endswith("Bio.")
        for show in (format_number, format_percent, format_compact):
            assert show(1e300) == "1.00E+300"
