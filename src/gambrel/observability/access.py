"""The access log: a line for every answer, written in batches off the event loop.

`AccessWriter.record` has the form that the native server asks of a log, and the middleware calls it
on every other. A request pays for one tuple; lines are made and written by a thread.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TextIO

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability.records import printable, render_json, shorten

__all__ = ["AccessWriter", "Answered", "render_line", "render_object"]

BATCH = 500
DELAY = 0.5
PENDING = 20_000
"""How many lines may wait for a slow disk; those beyond are counted, and left out."""

_log = logging.getLogger("gambrel.access")


class Answered(NamedTuple):
    """What is told of one answer; `size` is in bytes of content and None where nobody counted.

    No query string, and of the headers only what `agent` tells: they are where secrets are.
    """

    time: float
    client: str
    method: str
    path: str
    route: str
    status: int
    size: int | None
    seconds: float
    request: str
    agent: str


Render = Callable[[Answered], str]


def moment(seconds: float) -> str:
    """Return a time in UTC (RFC 3339)."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render_object(one: Answered) -> str:
    """Return a line of JSON."""
    values: dict[str, Any] = {**one._asdict(), "time": moment(one.time), "logger": "access"}
    values["seconds"] = round(one.seconds, 6)
    return render_json({name: value for name, value in values.items() if value != ""})


def render_line(one: Answered) -> str:
    """Return a line for people."""
    size = "-" if one.size is None else str(one.size)
    took = f"{one.seconds * 1000:.1f}ms"
    parts = (one.client or "-", one.method, one.path, str(one.status), size, took, one.request)
    return printable(" ".join((moment(one.time), *parts)))


def client_of(request: Request) -> str:
    """Return the client's address; that of the peer where its proxies tell nonsense."""
    try:
        return request.client
    except BadRequest:
        peer = request.connection.client
        return peer[0] if peer else ""


class AccessWriter:
    """Collects answers and writes their lines to `stream` (standard output by default).

    A batch goes out after `delay` seconds or when it has `batch` lines, by one write.
    """

    def __init__(
        self,
        render: Render = render_object,
        stream: TextIO | None = None,
        *,
        batch: int = BATCH,
        delay: float = DELAY,
    ) -> None:
        self.render = render
        self.stream = stream
        self.batch = batch
        self.delay = delay
        self.lost = 0
        self._pending: list[Answered] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def record(self, request: Request, status: int, size: int | None, seconds: float) -> None:
        """Note an answer; called on the event loop."""
        if len(self._pending) >= PENDING:
            self.lost += 1
            return
        headers = request.headers
        route = request.route
        self._pending.append(
            Answered(
                time.time(),
                client_of(request),
                request.method,
                shorten(request.raw_path),
                "" if route is None else str(route.pattern),
                status,
                size,
                seconds,
                request.id,
                shorten(headers.first("user-agent") or "", 256),
            )
        )
        if len(self._pending) >= self.batch:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.delay, self.flush)

    def flush(self) -> None:
        """Start to write what is pending, unless a write is under way: then it follows."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is None and self._pending:
            self._writing = asyncio.get_running_loop().create_task(self._drain())

    async def close(self) -> None:
        """Write all that is pending."""
        self.flush()
        while self._writing is not None:
            await asyncio.wait([self._writing])
            self.flush()

    async def _drain(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending, []
                lost, self.lost = self.lost, 0
                await asyncio.to_thread(self._write, batch, lost)
        except Exception:  # a full disk must not end the service
            _log.exception("the access log could not be written")
        finally:
            self._writing = None

    def _write(self, batch: list[Answered], lost: int) -> None:
        lines = [self.render(one) for one in batch]
        if lost:
            lines.append(render_json({"logger": "access", "lost": lost}))
        stream = self.stream or sys.stdout
        stream.write("\n".join(lines) + "\n")
        stream.flush()
