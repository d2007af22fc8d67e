"""URLs that cannot be read: httpx2 tells of them by errors of many kinds, and we by two."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from gambrel.client.faults import UnsafeAddress

__all__ = ["parse_url", "reading_location"]


def parse_url(url: httpx2.URL | str) -> httpx2.URL:
    """Return the URL that a stranger gave. Raises UnsafeAddress where it is none."""
    try:
        parsed = httpx2.URL(url)
        _ = parsed.host  # an international name is decoded here
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise UnsafeAddress(f"this is no URL: {error}") from None
    return parsed


@contextmanager
def reading_location() -> Iterator[None]:
    """Raise httpx2.RemoteProtocolError for a `Location` that cannot be read in any way."""
    try:
        yield
    except ValueError as error:  # an international name that is none, or no host
        raise httpx2.RemoteProtocolError(f"the `Location` is no URL: {error}") from None
