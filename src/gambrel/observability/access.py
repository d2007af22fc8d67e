"""The access log: a line for every answer, made and written by a thread.

`AccessWriter.record` has the form that the native server asks of a log, and the middleware calls it
on every other. A request pays for one tuple.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, TextIO

import msgspec

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability.records import moment, printable, render_json, shorten
from gambrel.sinks import Sink

__all__ = ["AccessWriter", "Answered", "render_line", "render_object"]


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
_NAMES = Answered._fields
_MAY_BE_EMPTY = ("client", "route", "request", "agent")


_encode = msgspec.json.Encoder().encode


def render_object(one: Answered) -> str:
    """Return a line of JSON."""
    values: dict[str, Any] = dict(zip(_NAMES, one, strict=True))
    values["time"] = moment(one.time)
    values["seconds"] = round(one.seconds, 6)
    values["logger"] = "access"
    for name in _MAY_BE_EMPTY:
        if not values[name]:
            del values[name]
    try:
        line = _encode(values).decode()
    except UnicodeEncodeError:  # half of a character
        return render_json(values)
    return line if line.isascii() and line.isprintable() else render_json(values)


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


def render_lost(lost: int) -> str:
    """Return the line that stands for those that nobody could write."""
    return render_json({"logger": "access", "lost": lost})


class AccessWriter:
    """Writes a line for each answer to `stream` (standard output by default)."""

    def __init__(self, render: Render = render_object, stream: TextIO | None = None) -> None:
        self.sink = Sink(render, render_lost, stream)

    def record(self, request: Request, status: int, size: int | None, seconds: float) -> None:
        """Note an answer."""
        headers = request.headers
        route = request.route
        self.sink.put(
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

    def close(self) -> None:
        """Write what waits; at most two seconds long, where nobody reads it."""
        self.sink.close()
