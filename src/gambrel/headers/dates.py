"""Dates of headers, read in any of their three forms (RFC 9110 §5.6.7)."""

from datetime import UTC, datetime

from gambrel.core.http.fields.dates import MONTHS

__all__ = ["parse_http_date"]

_MONTH = {name: number for number, name in enumerate(MONTHS, 1)}


def parse_http_date(text: str) -> datetime | None:
    """Read a date in any of the three forms of RFC 9110 §5.6.7; None when it is none of them.

    None rather than an error: a recipient must ignore a condition whose date it cannot read.
    """
    words = text.strip(" \t").split(" ") if len(text) <= 64 else []
    if len(words) == 6 and words[5] == "GMT":
        day, month, year, clock = words[1:5]
    elif len(words) == 4 and words[3] == "GMT" and words[1].count("-") == 2:
        (day, month, year), clock = words[1].split("-"), words[2]
        year = _full_year(year)
    elif len(words) in {5, 6}:
        month, clock, year = words[1], words[-2], words[-1]
        day = words[-3].rjust(2, "0")
    else:
        return None
    return _moment(day, month, year, clock)


def _full_year(two_digits: str) -> str:
    # RFC 9110 §5.6.7: a two-digit year more than 50 years ahead is the most recent past one.
    if not _is_number(two_digits, 2):
        return ""
    year = int(two_digits) + datetime.now(UTC).year // 100 * 100
    return f"{year - 100 if year > datetime.now(UTC).year + 50 else year:04}"


def _is_number(text: str, digits: int) -> bool:
    return len(text) == digits and text.isascii() and text.isdigit()


def _moment(day: str, month: str, year: str, clock: str) -> datetime | None:
    parts = clock.split(":")
    numeric = _is_number(day, 2) and _is_number(year, 4) and len(parts) == 3
    if not numeric or month not in _MONTH or not all(_is_number(part, 2) for part in parts):
        return None
    hour, minute, second = map(int, parts)
    try:
        # A leap second is legal on the wire and not in datetime.
        return datetime(
            int(year), _MONTH[month], int(day), hour, minute, min(second, 59), tzinfo=UTC
        )
    except ValueError:
        return None
