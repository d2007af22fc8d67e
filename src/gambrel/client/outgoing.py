"""What goes out with a request of ours beside what was asked for, and who hears of each attempt.

The transport calls this. It knows the form of the Point `OUTGOING`, and nothing of who is there.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import httpx2

__all__ = ["LIMIT", "Begin", "begin_all", "end_all", "late", "with_headers"]

End = Callable[[int, BaseException | None], Any]
Begin = Callable[[str, str, dict[str, str] | None, int], Any]
LIMIT = "gambrel.limit"
"""Extension of a request: the `asyncio.Timeout` that holds for it."""

_log = logging.getLogger("gambrel.client")


def begin_all(
    hearers: Sequence[Begin], request: httpx2.Request, headers: dict[str, str] | None, resends: int
) -> list[End]:
    """Tell of an attempt; return who wants to hear how it ends. One that fails is left out."""
    ends: list[End] = []
    for begin in hearers:
        try:
            end = begin(request.method, str(request.url), headers, resends)
        except Exception:
            _log.exception("%r failed, and hears nothing of a request", begin)
            continue
        if end is not None:
            ends.append(end)
    return ends


def end_all(ends: Sequence[End], status: int, error: BaseException | None) -> None:
    """Tell how an attempt has ended: with a status, or 0 and an error."""
    for end in ends:
        try:
            end(status, error)
        except Exception:
            _log.exception("%r failed", end)


def with_headers(request: httpx2.Request, headers: dict[str, str] | None) -> httpx2.Request:
    """Return a request with more headers: another one, since redirects repeat those of the first.

    They are for one host, and a redirect may lead to any.
    """
    if not headers:
        return request
    all_of_them = request.headers.copy()
    all_of_them.update(headers)
    return httpx2.Request(
        request.method,
        request.url,
        headers=all_of_them,
        stream=request.stream,
        extensions=request.extensions,
    )


def late(request: httpx2.Request) -> TimeoutError | None:
    """Return the error of a request that is cancelled because its time is up."""
    limit = request.extensions.get(LIMIT)
    return TimeoutError("no answer in time") if limit is not None and limit.expired() else None
