"""Dates as HTTP writes them (RFC 9110 §5.6.7): written in one form, read in three.

Cookies, validators and `Retry-After` use them.
"""

from datetime import UTC, datetime

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}


def format_http_date(moment: datetime) -> str:
    """Return an aware datetime as an IMF-fixdate (RFC 9110 §5.6.7).

    Raises:
        ValueError: The datetime has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; use datetime.now(UTC)")
    utc = moment.astimezone(UTC)
    day, month = _DAYS[utc.weekday()], _MONTHS[utc.month - 1]
    return f"{day}, {utc.day:02} {month} {utc.year:04} {utc:%H:%M:%S} GMT"


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
