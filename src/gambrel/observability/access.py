"""The access log: a line for every answer, written by a thread.

`AccessWriter.record` hears of every answer that was sent, on our server and on others. It makes the
line, too: a thread that does fights with the loop for the interpreter, which takes four times that.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
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
_new = tuple.__new__
_LONG = 256
_PARAMETER = re.compile(r"\{(\w+)\}")


def render_object(one: Answered) -> str:
    """Return a line of JSON; what is empty is left out."""
    clock, client, method, path, route, status, size, seconds, request, agent, trace_id, span_id = (
        one
    )
    # By hand, for a third of the time: it is made for every answer.
    who = f'"client":{quoted(client)},' if client else ""
    what = f'"route":{quoted(route)},' if route else ""
    name = f'"request":{quoted(request)},' if request else ""
    by = f'"agent":{quoted(agent)},' if agent else ""
    span = f'"trace_id":{quoted(trace_id)},"span_id":{quoted(span_id)},' if trace_id else ""
    line = (
        f'{{"time":"{moment(clock)}",{who}"method":{quoted(method)},"path":{quoted(path)},{what}'
        f'"status":{status},"size":{"null" if size is None else size},'
        f'"seconds":{seconds:.6f},{name}{by}{span}"logger":"access"}}'
    )
    return line.replace("\x7f", "\\u007f")


def render_line(one: Answered) -> str:
    """Return a line for people."""
    size = "-" if one.size is None else str(one.size)
    took = f"{one.seconds * 1000:.1f}ms"
    parts = (one.client or "-", one.method, one.path, str(one.status), size, took, one.request)
    span = (f"trace_id={one.trace_id}", f"span_id={one.span_id}") if one.trace_id else ()
    return printable(" ".join((moment(one.time), *parts, *span)))


def client_of(request: Request) -> str:
    """Return the client's address; that of the peer where its proxies tell nonsense."""
    connection = request.connection
    peer = connection.client
    if getattr(connection.app, "proxies", None) is not None:
        with suppress(BadRequest):
            return request.client
    return peer[0] if peer else ""


@lru_cache(4096)
def template_of(endpoint: Any) -> tuple[str, bool]:
    """Return the path of a route as it was declared, and whether a part of it is a secret."""
    route = getattr(endpoint, "route", None)
    if route is None:
        return "", False
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
        template, is_secret = template_of(request.endpoint)
        path, agent = request.raw_path, request.headers.first("user-agent") or ""
        trace_id, span_id = ("", "") if self.span_ids is None else self.span_ids(request)
        # Past `Answered()`, which is a function of Python and takes three times as long.
        answered = _new(
            Answered,
            (
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
                trace_id,
                span_id,
            ),
        )
        self.sink.put(self._render(answered))

    def close(self) -> None:
        """Write what waits; at most two seconds long, where nobody reads it."""
        self.sink.close()
