"""Moments as a browser has them: date and time on a clock that names no time zone.

They are read and shown in the zone of the visitor, which is UTC where nobody knows of zones.
"""

import datetime as dt

from gambrel.wording import read_local, write_local, zone_now

__all__ = ["MOMENT", "read_typed", "write_typed"]

MOMENT = "moment"


def read_typed(kind: str, text: str) -> str:
    """Return what a visitor has typed as machines write it; as it is where it is none of that."""
    if kind != MOMENT:
        return read_local(kind, text)
    try:
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is None:
            return found.replace(tzinfo=zone_now()).astimezone(dt.UTC).isoformat()
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
            found = found.astimezone(zone_now())
    except (ValueError, OverflowError):
        return text
    exact = "milliseconds" if found.microsecond else "seconds" if found.second else "minutes"
    return found.replace(tzinfo=None).isoformat(timespec=exact)
