from datetime import date
from decimal import Decimal

import pytest
from babel import Locale
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from gambrel.i18n.parsing import read_text, write_text

TAGS = ["en", "de", "fr", "ar", "hi", "de_CH", "pt_BR", "sv"]


@pytest.mark.parametrize(
    ("tag", "text", "number"),
    [
        ("de", "1.234,5", "1234.5"),
        ("de", " 1234,5 ", "1234.5"),
        ("en", "1,234.5", "1234.5"),
        ("fr", "1 234,5", "1234.5"),
        ("fr", "1\u202f234,5", "1234.5"),
        ("de_CH", "1\u2019234.5", "1234.5"),
        ("hi", "12,34,567.5", "1234567.5"),
        ("ar", "\u0661\u066c\u0662\u0663\u0664\u066b\u0665", "1234.5"),
        ("ar", "1,234.5", "1234.5"),
        ("sv", "\u22125,5", "-5.5"),
        ("de", "-7", "-7"),
    ],
)
def test_numbers_are_read_as_they_are_typed(tag, text, number):
    assert read_text("number", text, Locale.parse(tag)) == number


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "1.5"),
        ("de", "1,2,3"),
        ("en", "1,5"),
        ("de", "zwei"),
        ("de", "nan"),
        ("de", "Infinity"),
        ("de", "1e5000"),
        ("de", "9" * 200),
    ],
)
def test_what_is_no_number_there_is_none_for_machines_either(tag, text):
    assert read_text("number", text, Locale.parse(tag)) == f"?{text}"


def test_nothing_stays_nothing():
    assert [read_text(kind, " ", Locale.parse("de")) for kind in ("number", "date")] == [" ", " "]


@pytest.mark.parametrize(
    ("tag", "text", "day"),
    [
        ("de", "31.12.2026", "2026-12-31"),
        ("de", "1.2.26", "2026-02-01"),
        ("en", "12/31/2026", "2026-12-31"),
        ("fr", "31/12/2026", "2026-12-31"),
        ("ar", "31/12/2026", "2026-12-31"),
        ("de", "2026-12-31", "2026-12-31"),
        ("de", "32.12.2026", "?32.12.2026"),
        ("de", "morgen", "?morgen"),
        ("de", "31. 12. 2026", "2026-12-31"),
        ("de", "1/2/2026", "2026-02-01"),
        ("ar", "\u0663\u0661\u200f/\u0661\u0662\u200f/\u0662\u0660\u0662\u0666", "2026-12-31"),
        ("bg", "31.12.2026 \u0433.", "2026-12-31"),
    ],
)
def test_dates_are_read_as_they_are_typed(tag, text, day):
    assert read_text("date", text, Locale.parse(tag)) == day


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("de", "12.31.2026"),
        ("en", "31/12/2026"),
        ("de", "1.2.2026 und 7"),
        ("de", "31abc12xyz2026"),
        ("de", "31.12.2026.99"),
        ("de", "1..2.2026"),
        ("de", "1.2.5"),
        ("de", "1.2.202"),
        ("de", "\u00b21.2.2026"),
        ("en", "2026-31-12"),
        ("ja", "26/12/2026"),
    ],
)
def test_no_date_is_guessed(tag, text):
    assert read_text("date", text, Locale.parse(tag)) == f"?{text}"


def test_dates_are_read_as_each_language_writes_them():
    known = [Locale.parse(name) for name in locale_identifiers()]
    patterns = {one.date_formats["short"].pattern: one for one in known}
    assert len(patterns) > 30

    for pattern, locale in patterns.items():
        if "G" not in pattern:  # an era is nothing to be typed
            assert read_text("date", write_text("date", "2026-03-09", locale), locale) == (
                "2026-03-09"
            )


def test_what_we_have_is_written_as_it_would_be_typed():
    german = Locale.parse("de")

    assert write_text("number", "1234.5", german) == "1234,5"
    assert write_text("date", "1950-01-31", german) == "31.01.1950"
    assert write_text("time", "14:05", german) == "14:05"
    assert write_text("moment", "1950-01-31T14:05", german) == "31.01.1950, 14:05"
    assert write_text("moment", "soon", german) == "soon"
    assert write_text("number", "no number", german) == "no number"
    assert write_text("date", "no date", german) == "no date"
    assert write_text("number", "1e1000000", german) == "1e1000000"
    assert write_text("number", "9" * 40, german) == "9" * 40


@given(st.decimals(-(10**12), 10**12, allow_nan=False, places=4), st.sampled_from(TAGS))
def test_a_number_that_is_written_is_read_again(number, tag):
    locale = Locale.parse(tag)

    assert (
        Decimal(read_text("number", write_text("number", f"{number:f}", locale), locale)) == number
    )


@given(st.dates(date(1000, 1, 1)), st.sampled_from(TAGS))
def test_a_date_that_is_written_is_read_again(day, tag):
    locale = Locale.parse(tag)

    assert read_text("date", write_text("date", day.isoformat(), locale), locale) == day.isoformat()


@given(st.text(max_size=30), st.sampled_from(TAGS), st.sampled_from(["number", "date"]))
def test_whatever_is_typed_is_read_or_left(text, tag, kind):
    assert isinstance(read_text(kind, text, Locale.parse(tag)), str)
