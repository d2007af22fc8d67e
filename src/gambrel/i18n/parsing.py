"""Numbers and dates that people type in their own way, and back.

What is read becomes the text that machines write, so that conversion and its rules stay as they
are; what is none becomes a text that machines do not take either, for conversion to say so.
"""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from unicodedata import decimal

from babel import Locale
from babel.dates import format_date, format_time, get_datetime_format
from babel.numbers import NumberFormatError, format_decimal, parse_decimal

from gambrel.i18n.digits import is_ordinary, written

__all__ = ["read_text", "write_text"]

LONGEST = 100
_BETWEEN = r"(?:\s?[./-]\s?|\s)"
_DAY = re.compile(rf"(\d{{1,4}}){_BETWEEN}(\d{{1,2}}){_BETWEEN}(\d{{1,4}})(?:\s?\u0433)?\.?")
"""Three numbers; people do not tell apart what stands between. Bulgarian has a letter behind."""
_SIGNS = str.maketrans("\u2212\u066b\u066c", "-.,", "\u200e\u200f\u061c")
"""Signs that stand for others, and marks of direction, which stand for nothing."""
_SPACES, _QUOTES = (frozenset(map(ord, kind)) for kind in (" \u00a0\u202f\u2009", "'\u2019"))
"""Signs between groups that people do not tell apart."""
_EASTERN = frozenset("٠١٢٣٤٥٦٧٨٩\u066b\u066c")
"""Arabic digits, and what Arabic writes between them."""


def read_text(kind: str, text: str, locale: Locale) -> str:
    """Return a text as machines write it; with a question mark one that is none of its kind.

    `1.5` is no German number, and must not be taken for that of a machine.
    """
    if not text.strip():
        return text
    if len(text) > LONGEST:
        return f"?{text}"
    try:
        if kind == "date":
            return read_day(text.strip(), locale).isoformat()
        return number_text(text, locale)
    except (NumberFormatError, InvalidOperation, ValueError):
        return f"?{text}"


def read_day(text: str, locale: Locale) -> dt.date:
    """Return the day of a text. Raises ValueError for what is none: nothing is guessed.

    Day, month and year come in the order of the language, or as machines write them. A year has two
    digits, which are those of this century, or four.
    """
    match = _DAY.fullmatch(text.translate(_SIGNS))
    if match is None:
        raise ValueError(text)
    is_for_machines = len(match[1]) == 4
    pattern = locale.date_formats["short"].pattern
    order = "yMd" if is_for_machines else sorted("yMd", key=pattern.index)
    found = dict(zip(order, match.groups(), strict=True))
    if len(found["y"]) not in {2, 4} or len(found["d"]) > 2:
        raise ValueError(text)
    century = 2000 if len(found["y"]) == 2 else 0
    return dt.date(century + int(found["y"]), int(found["M"]), int(found["d"]))


def number_text(text: str, locale: Locale) -> str:
    """Return a number as machines write it. Raises ValueError for what is none.

    Groups must be where the language puts them: `1.5` is no German number, and not fifteen.
    Arabic numbers may have digits of either kind.
    """
    plain = "".join(str(decimal(one, one)) for one in text.strip()).translate(_SIGNS)
    by = locale if _EASTERN.isdisjoint(text) else Locale.parse("en")
    symbols = by.number_symbols["latn"]
    group = symbols["group"]
    for kind in (_SPACES, _QUOTES):
        plain = plain.translate(dict.fromkeys(kind, group)) if ord(group) in kind else plain
    if not set(plain) <= {*"+-0123456789", group, symbols["decimal"]}:
        raise ValueError(text)  # `1e999999999`, say, is far longer than it looks
    return f"{parse_decimal(plain, locale=by, strict=True):f}"


def write_text(kind: str, text: str, locale: Locale) -> str:
    """Return a number, date, time or `moment` (both) of ours as a visitor would type it."""
    try:
        if kind == "date":
            return day_text(dt.date.fromisoformat(text), locale)
        if kind == "time":
            return format_time(dt.time.fromisoformat(text), "short", locale=locale)
        if kind == "moment":
            both = dt.datetime.fromisoformat(text)
            time = format_time(both.time(), "short", locale=locale)
            joined = str(get_datetime_format("short", locale=locale)).replace("'", "")
            return joined.replace("{0}", time).replace("{1}", day_text(both.date(), locale))
        number = Decimal(text)
    except (ValueError, InvalidOperation):
        return text
    if not is_ordinary(number):
        return text
    every = {"locale": locale, "decimal_quantization": False, "group_separator": False}
    return written(format_decimal, number, **every)


def day_text(day: dt.date, locale: Locale) -> str:
    """Return a date in short, with all digits of its year."""
    pattern = locale.date_formats["short"].pattern.replace("yy", "y")
    return format_date(day, format=pattern, locale=locale).translate(_SIGNS)
