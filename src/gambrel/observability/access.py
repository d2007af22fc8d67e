"""The access log: a line for every answer, written by a thread.

`AccessWriter.record` hears of every answer that was sent, on our server and on others. Lines are
made many at a time, on the loop: a thread that does fights with it for the interpreter, which takes
four times that. What is the same for many of them (a client's address and agent, a route with its
method and status) is made into text once.
"""

import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from json.encoder import encode_basestring_ascii as quoted
from time import time
from typing import Any, Protocol, TextIO

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import REQUEST_IDS, Request
from gambrel.observability.records import printable, render_json, shorten, thousandth
from gambrel.observability.scrub import is_secret_name
from gambrel.sinks import Sink

__all__ = ["AccessWriter", "Form", "JSONForm", "SpanIds", "TextForm"]

BATCH = 64
"""Lines that are made at once; a few are left to the thread."""
KINDS = 4_096
_LONG = 256
_PARAMETER = re.compile(r"\{(\w+)\}")

SpanIds = Callable[[Request], tuple[str, str]]


class Form(Protocol):
    """How lines look; text that clients have sent must not break or disguise one."""

    def who(self, client: str, agent: str) -> str:
        """Return what stands in the line for a client; kept for its next requests."""
        ...

    def what(self, method: str, route: str, status: int) -> tuple[str, str]:
        """Return what stands before and after the path; kept for the next of that kind."""
        ...

    def line(
        self,
        moment: str,
        who: str,
        what: tuple[str, str],
        path: str,
        size: int | None,
        seconds: float,
        request: str,
        spans: tuple[str, str],
    ) -> str:
        """Return the line, without its end; `size` is in bytes of content, None where unknown."""
        ...


class JSONForm:
    """A line of JSON; what is empty is left out."""

    def who(self, client: str, agent: str) -> str:
        """Return the fields of a client."""
        told = f'"client":{safe(client)},' if client else ""
        return f'{told}"agent":{safe(agent)},' if agent else told

    def what(self, method: str, route: str, status: int) -> tuple[str, str]:
        """Return the fields of a kind of answer."""
        told = f'"route":{safe(route)},' if route else ""
        return f'"method":{safe(method)},"path":', f',{told}"status":{status},"size":'

    def line(
        self,
        moment: str,
        who: str,
        what: tuple[str, str],
        path: str,
        size: int | None,
        seconds: float,
        request: str,
        spans: tuple[str, str],
    ) -> str:
        """Return the object."""
        millionths = int(seconds * 1_000_000)
        took = _FAST[millionths] if millionths < 1_000 else f"{seconds:.6f}"
        line = (  # by hand, for a third of the time: it is made for every answer
            f'{{"logger":"access","time":"{moment}",{who}{what[0]}{quoted(path)}{what[1]}'
            f'{"null" if size is None else size},"seconds":{took},'
            f'"request":{quoted(request)}{spans_of(spans) if spans[0] else ""}}}'
        )
        return line.replace("\x7f", "\\u007f") if "\x7f" in line else line


class TextForm:
    """A line for people."""

    def who(self, client: str, agent: str) -> str:
        """Return the address."""
        return printable(client or "-")

    def what(self, method: str, route: str, status: int) -> tuple[str, str]:
        """Return method and status."""
        return f" {printable(method)} ", f" {status} "

    def line(
        self,
        moment: str,
        who: str,
        what: tuple[str, str],
        path: str,
        size: int | None,
        seconds: float,
        request: str,
        spans: tuple[str, str],
    ) -> str:
        """Return the line."""
        line = (
            f"{moment} {who}{what[0]}{printable(path)}{what[1]}{'-' if size is None else size}"
            f" {seconds * 1000:.1f}ms {printable(request)}"
        )
        return f"{line} trace_id={spans[0]} span_id={spans[1]}" if spans[0] else line


def spans_of(spans: tuple[str, str]) -> str:
    """Return the fields of trace and span."""
    return f',"trace_id":{quoted(spans[0])},"span_id":{quoted(spans[1])}'


def safe(text: str) -> str:
    """Return a text as JSON in printable ASCII."""
    return quoted(text).replace("\x7f", "\\u007f")


def client_of(request: Request) -> str:
    """Return the client's address; that of the peer where its proxies tell nonsense."""
    connection = request.connection
    peer = connection.client
    if getattr(connection.app, "proxies", None) is not None:
        with suppress(BadRequest):
            return request.client
    return peer[0] if peer else ""


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

    def __init__(self, form: Form | None = None, stream: TextIO | None = None) -> None:
        self.form: Form = form or JSONForm()
        self.span_ids: SpanIds | None = None
        self.sink: Sink[str] = Sink(str, render_lost, stream, gather=self.make_lines)
        self._answered: deque[Any] = deque()
        self._line = self.form.line
        self._known: dict[tuple[Any, str, int], tuple[tuple[str, str], str, bool]] = {}

    def record(self, request: Request, status: int, size: int | None, seconds: float) -> None:
        """Write a line about an answer."""
        # A request that repeats the header fields of the last on its connection has the same
        # object, so that what is found out about its client is there.
        notes = request.headers.notes
        who = notes.get(self)
        peer = request.connection.client
        if who is None or who[0] is not peer:
            notes[self] = who = (peer, self.who(request))
        kind = request.endpoint, request.method, status
        try:
            what, template, is_secret = self._known[kind]
        except KeyError:
            what, template, is_secret = self.what(*kind)
        path = request.raw_path
        if is_secret:
            path = template
        elif len(path) >= _LONG:
            path = shorten(path)
        spans = _NO_SPANS if self.span_ids is None else self.span_ids(request)
        had = request.__dict__  # `request.id`, for two thirds of the time
        name = had.get("id") or had.setdefault("id", next(REQUEST_IDS))
        answered = self._answered
        answered.append((time(), who[1], what, path, size, seconds, name, spans))
        waiting = len(answered)
        if waiting == 1:
            self.sink.rouse()
        elif waiting >= BATCH:
            self.make_lines()
            self.sink.rouse()  # it may have looked while they were made

    def who(self, request: Request) -> str:
        """Return what stands for the client of a request."""
        agent = request.headers.first("user-agent") or ""
        return self.form.who(client_of(request), shorten(agent, _LONG))

    def what(self, endpoint: Any, method: str, status: int) -> tuple[tuple[str, str], str, bool]:
        """Return what stands for a kind of answer, its route, and whether that stands for paths."""
        template, is_secret = template_of(endpoint)
        if len(self._known) >= KINDS:  # methods are a client's to choose
            self._known.clear()
        found = self.form.what(method, template, status), template, is_secret
        self._known[endpoint, method, status] = found
        return found

    def make_lines(self) -> None:
        """Make lines of what has been answered: the loop calls this, and at times the thread."""
        line, taken = self._line, self._answered.popleft
        lines: list[str] = []
        then, moment = -1, ""
        with suppress(IndexError):  # the other may be taking, too
            while True:
                clock, who, what, path, size, seconds, name, spans = taken()
                now = int(clock * 1_000)
                if now != then:
                    then, moment = now, thousandth(now)
                lines.append(line(moment, who, what, path, size, seconds, name, spans))
        self.sink.put_all(lines)

    def close(self) -> None:
        """Write what waits; at most two seconds long, where nobody reads it."""
        self.sink.close()


_NO_SPANS = ("", "")
# A number is formatted in 0.3 µs, and most answers are made in less than a millisecond.
_FAST = tuple([f"0.{millionths:06d}" for millionths in range(1_000)])
