"""The filters that templates have with languages, and those of English that they take the place of.

`{{ price | currency("EUR") }}`, `{{ when | date }}`, `{{ when | naturaltime }}`.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

from gambrel.i18n.formats import (
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
from gambrel.i18n.slugs import slugify

__all__ = ["FILTERS"]


def date(value: dt.date, form: str = "medium") -> str:
    """Return a date; in a form of `strftime`, if it is one."""
    if "%" in form:
        return (to_visitor(value) if isinstance(value, dt.datetime) else value).strftime(form)
    return format_date(value, form)


def time(value: dt.datetime | dt.time, form: str = "short") -> str:
    """Return a time of day; in a form of `strftime`, if it is one."""
    if "%" in form:
        return (to_visitor(value) if isinstance(value, dt.datetime) else value).strftime(form)
    return format_time(value, form)


FILTERS: dict[str, Callable[..., Any]] = {
    "compact": format_compact,
    "currency": format_currency,
    "date": date,
    "datetime": format_datetime,
    "intcomma": format_number,
    "intword": format_compact,
    "listed": format_list,
    "localtime": to_visitor,
    "naturaltime": format_relative,
    "number": format_number,
    "percent": format_percent,
    "slugify": slugify,
    "time": time,
}
"""By name."""
