"""The access log: a line for every answer, written by a thread.

`AccessWriter.record` hears of every answer that was sent, on our server and on others. It makes the
line, too: a thread that does fights with the loop for the interpreter, which takes four times that.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, TextIO

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.observability.records import moment, printable, render_json, shorten
from gambrel.observability.scrub import is_secret_name
from gambrel.sinks import Sink

__all__ = ["AccessWriter", "Answered", "SpanIds", "render_line", "render_object"]


class Answered(NamedTuple):
    """What is told of one answer; `size` is in bytes of content and None where nobody counted.

    No query string, and of the headers only what `agent` tells: they are where secrets are. Where a
    path parameter is named like one, `path` is `route`.
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
    trace_id: str = ""
    span_id: str = ""


Render = Callable[[Answered], str]
SpanIds = Callable[[Request], tuple[str, str]]
_NAMES = Answered._fields
_MAY_BE_EMPTY = ("client", "route", "request", "agent", "trace_id", "span_id")
_LONG = 256
_PARAMETER = re.compile(r"\{(\w+)\}")


def render_object(one: Answered) -> str:
    """Return a line of JSON; what is empty is left out."""
    clock, client, method, path, route, status, size, seconds, request, agent, trace_id, span_id = (
        one
    )
    texts = f"{client}{method}{path}{route}{request}{agent}"
    if not (texts.isascii() and texts.isprintable()) or '"' in texts or "\\" in texts:
        return render_json({**told_of(one), "logger": "access"})
    # By hand, for a third of the time: it is made for every answer.
    who = f'"client":"{client}",' if client else ""
    what = f'"route":"{route}",' if route else ""
    name = f'"request":"{request}",' if request else ""
    by = f'"agent":"{agent}",' if agent else ""
    span = f'"trace_id":"{trace_id}","span_id":"{span_id}",' if trace_id else ""
    return (
        f'{{"time":"{moment(clock)}",{who}"method":"{method}","path":"{path}",{what}'
        f'"status":{status},"size":{"null" if size is None else size},'
        f'"seconds":{seconds:.6f},{name}{by}{span}"logger":"access"}}'
    )


def told_of(one: Answered) -> dict[str, Any]:
    """Return what a line tells, by name."""
    values: dict[str, Any] = dict(zip(_NAMES, one, strict=True))
    values["time"] = moment(one.time)
    values["seconds"] = round(one.seconds, 6)
    return {name: value for name, value in values.items() if value or name not in _MAY_BE_EMPTY}


def render_line(one: Answered) -> str:
    """Return a line for people."""
    size = "-" if one.size is None else str(one.size)
    took = f"{one.seconds * 1000:.1f}ms"
    parts = (one.client or "-", one.method, one.path, str(one.status), size, took, one.request)
    span = (f"trace_id={one.trace_id}", f"span_id={one.span_id}") if one.trace_id else ()
    return printable(" ".join((moment(one.time), *parts, *span)))


def client_of(request: Request) -> str:
    """Return the client's address; that of the peer where its proxies tell nonsense."""
    peer = request.connection.client
    if getattr(request.connection.app, "proxies", None) is not None:
        with suppress(BadRequest):
            return request.client
    return peer[0] if peer else ""


@lru_cache(4096)
def template_of(route: Any) -> tuple[str, bool]:
    """Return the path of a route as it was declared, and whether a part of it is a secret."""
    template = str(route.pattern)
    return template, any(map(is_secret_name, _PARAMETER.findall(template)))


def render_lost(lost: int) -> str:
    """Return the line that stands for those that nobody could write."""
    return render_json({"logger": "access", "lost": lost})


class AccessWriter:
    """Writes a line for each answer to `stream` (standard output by default).

    `span_ids(request)` gives trace and span of a request, or empty texts.
    """

    def __init__(self, render: Render = render_object, stream: TextIO | None = None) -> None:
        self.span_ids: SpanIds | None = None
        self.sink: Sink[str] = Sink(str, render_lost, stream)
        self._render = render

    def record(self, request: Request, status: int, size: int | None, seconds: float) -> None:
        """Write a line about an answer."""
        route = request.route
        template, is_secret = ("", False) if route is None else template_of(route)
        path, agent = request.raw_path, request.headers.first("user-agent") or ""
        answered = Answered(
            time.time(),
            client_of(request),
            request.method,
            template if is_secret else path if len(path) < _LONG else shorten(path),
            template,
            status,
            size,
            seconds,
            request.id,
            agent if len(agent) < _LONG else shorten(agent, _LONG),
            *(() if self.span_ids is None else self.span_ids(request)),
        )
        self.sink.put(self._render(answered))

    def close(self) -> None:
        """Write what waits; at most two seconds long, where nobody reads it."""
        self.sink.close()
