"""Time zones by name, only those that are known: a name may come from a visitor."""

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import get_global

from gambrel.core.http.errors import GambrelError

__all__ = ["UTC", "find_zone", "zone_of"]


def find_zone(name: str) -> tzinfo | None:
    """Return a zone by its name (`Europe/Berlin`), None for what is no name of one.

    A name is looked up in Unicode's list before any file is.
    """
    if name == "UTC":
        return UTC
    return load_zone(name) if len(name) <= 64 and is_known(name) else None


@lru_cache(1_024)
def load_zone(name: str) -> tzinfo | None:
    """Return a zone, None where this machine does not have it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_known(name: str) -> bool:
    """Whether Unicode's data has a zone of that name."""
    return name in get_global("zone_territories") or name in get_global("zone_aliases")


def zone_of(zone: str | tzinfo) -> tzinfo:
    """Return a zone, given itself or its name. Raises GambrelError for what is none."""
    if isinstance(zone, tzinfo):
        return zone
    found = find_zone(zone)
    if found is None:
        hint = 'write a name as "Europe/Berlin"; where there are none, pip install tzdata'
        raise GambrelError("i18n.timezone", f"{zone!r} is no time zone here", "", hint)
    return found
