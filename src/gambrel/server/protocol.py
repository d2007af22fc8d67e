"""The native server's connection: bytes in, `Request` to the app, `Response` out as bytes.

A message that is all in one piece and has nothing unusual takes the short way (`data_received`);
every other goes through `reader.py`. Both are parsed by httptools; what it lets through and must
not pass is refused here. Requests of one connection are answered in order.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httptools

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.server.admission import Admission, HostGate, admit
from gambrel.server.clock import Clock
from gambrel.server.wire import bake

__all__ = ["HTTPProtocol", "ServerState"]


class ServerState:
    """What the connections of one worker share."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self.app = app
        self.loop = loop
        self.clock = clock
        self.gate = HostGate(app.build().allowed_hosts)
        self.enter: Callable[[Request], None] = app.pipeline.enter
        self.connections: set[HTTPProtocol] = set()


class HTTPProtocol(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "admission",
        "app",
        "block",
        "client",
        "clock",
        "completed",
        "enter",
        "feed",
        "http_version",
        "is_idle",
        "reader",
        "scheme",
        "server",
        "state",
        "task",
        "tls",
        "touched",
        "transport",
        "write",
    )

    def __init__(self, state: ServerState) -> None:
        self.state = state
        self.app = state.app
        self.clock = state.clock
        self.block = b""
        self.admission: Admission | None = None
        self.completed = 0
        self.is_idle = True
        self.enter = state.enter
        self.task: asyncio.Task[Response] | None = None
        self.reader: Any = None
        self.scheme = "http"
        self.http_version = "1.1"
        self.touched = state.clock.now
        self.tls: dict[str, Any] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: remember the addresses and make the parser of the short way."""
        self.transport: Any = transport
        self.write = self.transport.write
        self.feed = httptools.HttpRequestParser(self).feed_data
        self.client = self.transport.get_extra_info("peername")
        self.server = self.transport.get_extra_info("sockname")
        self.state.connections.add(self)

    def on_message_complete(self) -> None:
        """Count the messages the parser has seen (its callback on the short way)."""
        self.completed += 1

    def data_received(self, data: bytes) -> None:
        """Take the short way with one plain, complete message; else hand over to the reader."""
        if self.is_idle:
            line_end = data.find(b"\r\n")
            head_end = data.find(b"\r\n\r\n") + 2
            block = data[line_end:head_end]
            if block != self.block:
                self.admit(block)
            admission = self.admission
            if admission is not None and head_end + admission.rest == len(data):
                parts = str(data[:line_end], "latin-1").split(" ")
                if len(parts) == 3:
                    method, target, version = parts
                    if version == "HTTP/1.1" and target[0] == "/" and target.isascii():
                        self.completed = 0
                        self.feed(data)
                        path, _, query = target.partition("?")
                        body = data[head_end + 2 :] if admission.rest > 2 else b""
                        self.is_idle = False
                        self.touched = self.clock.now
                        self.enter(Request(method, path, query, admission.headers, self, body))
                        return
        raise NotImplementedError

    def admit(self, block: bytes) -> None:
        """Examine a header block that differs from the last one on this connection."""
        self.block = block
        self.admission = admit(block, self.state.gate) if block else None

    def deliver(self, request: Request, response: Response) -> None:
        """Write the answer to `request`, the oldest one open on this connection."""
        body = response.body
        if (
            response._headers is None
            and body.__class__ is bytes
            and self.admission.keep_alive
            and request.method != "HEAD"
        ):
            baked = response._baked
            self.write(b"%b%d%b%b" % (baked.wire or bake(baked), len(body), self.clock.date, body))
        self.is_idle = True

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Remember the task that works on `request`, to cancel it if the client leaves."""
        self.task = task

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.state.connections.discard(self)
        if self.task is not None:
            self.task.cancel()
