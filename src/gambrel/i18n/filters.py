"""The filters that templates have with languages, and those of English that they take the place of.

`{{ price | currency("EUR") }}`, `{{ when | date }}`, `{{ when | naturaltime }}`.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from gambrel.i18n import formats
from gambrel.i18n.slugs import slugify

__all__ = ["FILTERS"]


def date(value: dt.date, form: str = "medium") -> str:
    """Return a date; in a form of `strftime`, if it is one."""
    return by_hand(value, form) if "%" in form else formats.format_date(value, form)


def time(value: dt.datetime | dt.time, form: str = "short") -> str:
    """Return a time of day; in a form of `strftime`, if it is one."""
    return by_hand(value, form) if "%" in form else formats.format_time(value, form)


def by_hand(value: dt.date | dt.time, form: str) -> str:
    """Return a date or time in a form of `strftime`, a moment in the zone of the visitor."""
    shown = formats.to_visitor(value) if isinstance(value, dt.datetime) else value
    return shown.strftime(form)


FILTERS: dict[str, Callable[..., Any]] = {
    "compact": formats.format_compact,
    "currency": formats.format_currency,
    "date": date,
    "datetime": formats.format_datetime,
    "intcomma": formats.format_number,
    "intword": formats.format_compact,
    "listed": formats.format_list,
    "localtime": formats.to_visitor,
    "naturaltime": formats.format_relative,
    "number": formats.format_number,
    "percent": formats.format_percent,
    "slugify": slugify,
    "time": time,
}
"""By name."""
