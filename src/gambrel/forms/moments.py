"""Moments as a browser has them: date and time on a clock that names no time zone.

They are read and shown in the zone of the visitor, which is UTC where nobody knows of zones. A form
sends the zone that it was shown in along: on a first visit nobody knows that of the visitor yet.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gambrel.wording import read_local, write_local, zone_named, zone_now

__all__ = ["MOMENT", "ZONE", "read_typed", "shown_in", "write_typed"]

MOMENT = "moment"
ZONE = "_zone"
"""Name of what a form with moments sends beside its fields."""
_SHOWN_IN: ContextVar[dt.tzinfo | None] = ContextVar("gambrel.forms.zone", default=None)


@contextmanager
def shown_in(name: str) -> Iterator[None]:
    """Read and write moments in the zone of a name, or in that of now where it is none."""
    token = _SHOWN_IN.set(zone_named(name) if name else None)
    try:
        yield
    finally:
        _SHOWN_IN.reset(token)


def read_typed(kind: str, text: str) -> str:
    """Return what a visitor has typed as machines write it; as it is where it is none of that."""
    if kind != MOMENT:
        return read_local(kind, text)
    try:
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is None:
            return found.replace(tzinfo=clock()).astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError):
        pass  # conversion says what is wrong
    return text


def write_typed(kind: str, text: str) -> str:
    """Return what machines write as a visitor would type it."""
    if kind != MOMENT:
        return write_local(kind, text)
    try:
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is not None:
            found = found.astimezone(clock())
    except (ValueError, OverflowError):
        return text
    exact = "milliseconds" if found.microsecond else "seconds" if found.second else "minutes"
    return found.replace(tzinfo=None).isoformat(timespec=exact)


def clock() -> dt.tzinfo:
    """Return the zone that moments are typed in."""
    return _SHOWN_IN.get() or zone_now()
