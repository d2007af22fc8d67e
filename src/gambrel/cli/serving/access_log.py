"""The access log of `gambrel run --access-log`: a line for every answer, written a few at a time.

Without the query, which holds what people type and search; times are UTC.
"""

import asyncio
import time
from collections.abc import Callable

from gambrel import BadRequest, Request

__all__ = ["AccessLog"]

_DELAY = 0.2
_BATCH = 500


class AccessLog:
    """Called by the server for each answer; `write` gets whole lines."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._lines: list[str] = []
        self._second = 0
        self._now = ""

    def __call__(self, request: Request, status: int, size: int, seconds: float) -> None:
        """Note an answer: its status, the bytes of its content and how long it took."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_DELAY, self.flush)
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        path = request.raw_path
        if not path.isascii():
            path = path.encode("ascii", "backslashreplace").decode()
        self._lines.append(
            f"{self._now} {client_of(request)} {request.method} {path} "
            f"{status} {size} {seconds * 1000:.1f}ms\n"
        )
        if len(self._lines) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        lines, self._lines = self._lines, []
        if lines:
            self._write("".join(lines))


def client_of(request: Request) -> str:
    """Return the client's address, or a dash where there is none, or none to be believed."""
    if request.app.proxies is None:
        peer = request.connection.client
        return peer[0] if peer else "-"
    try:
        return request.client or "-"
    except BadRequest:  # more proxies than are believed
        return "-"
