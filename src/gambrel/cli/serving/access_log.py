"""The access log of `gambrel run --access-log`: a line for every answer, written a few at a time.

Without the query, which holds what people type and search; times are UTC.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from gambrel import BadRequest, Request

__all__ = ["AccessLog"]

_DELAY = 0.2
_BATCH = 500


class AccessLog:
    """Called by the server for each answer; `write` gets whole lines."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._lines: list[str] = []

    def __call__(self, request: Request, status: int, size: int, seconds: float) -> None:
        """Note an answer: its status, the bytes of its content and how long it took."""
        if not self._lines:
            asyncio.get_running_loop().call_later(_DELAY, self.flush)
        client = "-"
        with suppress(BadRequest):  # more proxies than are believed
            client = request.client or client
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        path = request.raw_path.encode("ascii", "backslashreplace").decode()
        self._lines.append(
            f"{now} {client} {request.method} {path} {status} {size} {seconds * 1000:.1f}ms\n"
        )
        if len(self._lines) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        lines, self._lines = self._lines, []
        if lines:
            self._write("".join(lines))
