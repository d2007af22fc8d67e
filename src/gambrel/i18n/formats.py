"""Numbers, money, dates and times as one writes them in the language and time zone of now.

Data is Unicode's (CLDR), by Babel. Outside of requests and `with` blocks it is English and UTC.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal

from babel import dates, numbers
from babel.lists import format_list as join_list

from gambrel.core.http.errors import GambrelError
from gambrel.i18n.digits import Number, written
from gambrel.i18n.locales import Data, data_of
from gambrel.i18n.zones import UTC
from gambrel.wording import SPEAKER

__all__ = [
    "format_compact",
    "format_currency",
    "format_date",
    "format_datetime",
    "format_list",
    "format_number",
    "format_percent",
    "format_relative",
    "format_time",
    "to_visitor",
]

Form = Literal["short", "medium", "long", "full"] | str
"""How long a date is; or a pattern of Unicode's, as `d. MMMM y`."""


def now_in() -> tuple[Data, dt.tzinfo]:
    """Return language and zone of now."""
    speaker: Any = SPEAKER.get()
    if speaker is None:
        return data_of("en"), UTC
    return speaker.language.locale.data, speaker.zone


def data_now() -> Data:
    """Return the language of now; nobody's time zone is asked for."""
    speaker: Any = SPEAKER.get()
    return data_of("en") if speaker is None else speaker.language.locale.data


def format_number(value: Number, decimals: int | None = None) -> str:
    """Return a number: `1.234,5` in German. With `decimals`, it has so many."""
    if decimals is None:
        every = {"locale": data_now(), "decimal_quantization": False}
        return written(numbers.format_decimal, value, **every)
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    locale = data_now()
    grouped = locale.decimal_formats[None].pattern.partition(".")[0]
    return written(numbers.format_decimal, value, grouped + pattern[5:], locale=locale)


def format_percent(value: Number, decimals: int = 0) -> str:
    """Return a share: `12 %` of 0.12 in German."""
    locale = data_now()
    whole, _, sign = locale.percent_formats[None].pattern.partition("0")
    zeros = f".{'0' * decimals}" if decimals else ""
    return written(numbers.format_percent, value, f"{whole}0{zeros}{sign}", locale=locale)


def format_currency(value: Number, currency: str) -> str:
    """Return an amount: `1.234,50 €` of 1234.5 and EUR in German (ISO 4217)."""
    return written(numbers.format_currency, value, currency, locale=data_now())


def format_compact(value: Number, decimals: int = 1) -> str:
    """Return a large number in short: `1,2 Mio.` in German."""
    options = {"locale": data_now(), "fraction_digits": decimals}
    return written(numbers.format_compact_decimal, value, **options)


def to_visitor(value: dt.datetime) -> dt.datetime:
    """Return a moment in the time zone of now; as it is at the ends of the calendar.

    Raises GambrelError for one without a zone: nobody knows which moment it is.
    """
    try:
        return aware(value).astimezone(now_in()[1])
    except OverflowError:  # `datetime.max`, which may stand for "never"
        return value


def aware(value: dt.datetime) -> dt.datetime:
    """Return a moment that is one. Raises GambrelError for one without a zone."""
    if value.tzinfo is None:
        what = f"{value!r} has no time zone, so nobody knows which moment it is"
        raise GambrelError("i18n.naive", what, "", "make it with one: datetime.now(UTC)")
    return value


def format_date(value: dt.date, form: Form = "medium") -> str:
    """Return a date, or that of a moment in the zone of the visitor. Raises as `to_visitor`."""
    day = to_visitor(value) if isinstance(value, dt.datetime) else value
    return dates.format_date(day, form, locale=data_now())


def format_time(value: dt.datetime | dt.time, form: Form = "short") -> str:
    """Return a time of day, that of a moment in the zone of the visitor. Raises as `to_visitor`."""
    if isinstance(value, dt.time):
        return dates.format_time(value, form, locale=data_now())
    return dates.format_time(to_visitor(value).timetz(), form, locale=data_now())


def format_datetime(value: dt.datetime, form: Form = "medium") -> str:
    """Return date and time of a moment in the zone of the visitor. Raises as `to_visitor`."""
    moment = to_visitor(value)
    return dates.format_datetime(moment, form, tzinfo=moment.tzinfo, locale=data_now())


def format_relative(value: dt.datetime, now: dt.datetime | None = None) -> str:
    """Return a moment as seen from now: "vor 3 Stunden". Raises as `to_visitor`."""
    passed = aware(value) - (aware(now) if now else dt.datetime.now(UTC))
    return dates.format_timedelta(passed, add_direction=True, locale=data_now())


def format_list(items: Iterable[object], style: Literal["and", "or", "unit"] = "and") -> str:
    """Return things in a row: "Ann, Bob und Eve"."""
    styles = {"and": "standard", "or": "or", "unit": "unit"}
    texts = [str(item) for item in items]
    return join_list(texts, style=styles[style], locale=data_now())  # type: ignore[arg-type]  # one of its own
