"""`Retry-After`: when to come back, in seconds or as a date (RFC 9110 §10.2.3)."""

from datetime import UTC, datetime

from gambrel.core.http.fields.dates import format_http_date
from gambrel.headers.dates import parse_http_date

__all__ = ["parse_retry_after", "retry_after"]


def retry_after(when: int | datetime) -> str:
    """Return a `Retry-After` of seconds, or of an aware datetime (RFC 9110 §10.2.3)."""
    if isinstance(when, datetime):
        return format_http_date(when)
    if when < 0:
        raise ValueError(f"Retry-After cannot be {when} seconds")
    return str(int(when))


def parse_retry_after(text: str, now: datetime | None = None) -> int | None:
    """Return the seconds that a `Retry-After` asks to wait; None when it says nothing readable."""
    text = text.strip(" \t")
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return int(text)
    moment = parse_http_date(text)
    if moment is None:
        return None
    return max(0, int((moment - (now or datetime.now(UTC))).total_seconds()))
