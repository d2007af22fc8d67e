"""The native server's connection: bytes in, `Request` to the app, `Response` out as bytes.

A message that is all in one piece and has nothing unusual takes the short way (`data_received`);
every other goes through `reader.py`. Both are parsed by httptools; what it lets through and must
not pass is refused here. Requests of one connection are answered in order.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import httptools

from gambrel.core.http.host import HostRules
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.server.admission import Admission, admit
from gambrel.server.clock import Clock
from gambrel.server.wire import bake

__all__ = ["HTTPProtocol", "ServerState"]


class ServerState:
    """What the connections of one worker share."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self.app = app
        self.loop = loop
        self.clock = clock
        self.hosts: HostRules = app.build().allowed_hosts
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
        "current",
        "feed",
        "http_version",
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
        self.current: Request | None = None
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
        if self.current is None and self.reader is None:
            line_end = data.find(b"\r\n")
            head_end = data.find(b"\r\n\r\n") + 2
            block = data[line_end:head_end]
            if block != self.block or not block:
                self.block = block
                self.admission = admit(block, self.state.hosts) if block else None
            admission = self.admission
            if admission is not None and head_end + 2 + admission.length == len(data):
                method, _, target = data[:line_end].partition(b" ")
                if target[:1] == b"/" and target[-9:] == b" HTTP/1.1" and target.isascii():
                    path, _, query = target[:-9].decode().partition("?")
                    self.completed = 0
                    self.feed(data)
                    request = Request(
                        method.decode(), path, query, admission.headers, self, data[head_end + 2 :]
                    )
                    self.current = request
                    self.touched = self.clock.now
                    self.state.enter(request)
                    return
        raise NotImplementedError

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
        self.current = None

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Remember the task that works on `request`, to cancel it if the client leaves."""
        self.task = task

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.state.connections.discard(self)
        if self.task is not None:
            self.task.cancel()
