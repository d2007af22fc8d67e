"""Who tells the access log, a middleware at the edge; and the entrance that names requests to logs.

Each is there only where its extension is installed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.observability.records import CURRENT_REQUEST

__all__ = ["access_logged", "remember_request"]

CallNext = Callable[[Request], Awaitable[Response]]
Record = Callable[[Request, int, int | None, float], None]

CLIENT_GONE = 499
"""Told where the client has left before its answer; never sent."""


class Watched:
    """Kept with a request that is being watched: a middleware may start it over."""


def access_logged(record: Record) -> Callable[[Request, CallNext], Awaitable[Response]]:
    """Return a middleware that calls `record` once the last byte of an answer was sent."""

    async def log_access(request: Request, call_next: CallNext) -> Response:
        if Watched in request.state:
            return await call_next(request)
        request.state[Watched] = Watched()
        started = time.perf_counter()
        try:
            response = await call_next(request)
        except asyncio.CancelledError:
            record(request, CLIENT_GONE, 0, time.perf_counter() - started)
            raise
        size = content_size(request, response)
        status = response.status
        response.on_close(lambda: record(request, status, size, time.perf_counter() - started))
        return response

    return log_access


def content_size(request: Request, response: Response) -> int | None:
    """Return how many bytes of content are sent; None where only the edge will know."""
    if request.method == "HEAD" or response.status in {204, 304}:
        return 0
    body = response.body
    if isinstance(body, bytes):
        return len(body)
    announced = response.headers.get("content-length", "")
    return int(announced) if announced.isascii() and announced.isdigit() else None


def remember_request(request: Request) -> None:
    """Let log records that are made meanwhile name the request."""
    CURRENT_REQUEST.set(request)
