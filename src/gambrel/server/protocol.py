"""The native server's connection: bytes in, `Request` to the app, `Response` out as bytes.

A message that is all in one piece and has nothing unusual takes the short way (`data_received`,
`deliver`); every other goes through `reader.py` and `exchange.py`. Both are parsed by httptools;
what it lets through and must not pass is refused. Requests of one connection are answered in order.
"""

import asyncio
from typing import Any

import httptools

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.server.admission import Admission, admit
from gambrel.server.body import BodyStream
from gambrel.server.exchange import Exchange
from gambrel.server.head import ALLOWED, Head, Refusal
from gambrel.server.reader import Reader
from gambrel.server.state import ServerState
from gambrel.server.wire import bake, render_refusal

__all__ = ["HTTPProtocol", "LoggedHTTPProtocol", "ServerState"]

# What takes the short way; HEAD is answered without its body, the rest is refused or rare.
_PLAIN = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FULL_INPUT, _FULL_BODY, _FULL_OUTPUT = 1, 2, 4
_LINGER_BYTES = 1 << 20


class HTTPProtocol(asyncio.Protocol):
    """One connection."""

    __slots__ = (
        "_paused",
        "_writable",
        "admission",
        "app",
        "block",
        "client",
        "clock",
        "departure",
        "exchange",
        "feed",
        "http_version",
        "is_closing",
        "is_gone",
        "is_idle",
        "is_plain",
        "is_writable",
        "late",
        "line_limit",
        "lingered",
        "quiet",
        "reader",
        "received_at",
        "scheme",
        "server",
        "state",
        "tls",
        "transport",
        "write",
    )

    transport: Any

    def __init__(self, state: ServerState) -> None:
        self.state = state
        self.app = state.app
        self.clock = state.clock
        self.line_limit = state.limits.request_line + 2
        self.block = b""
        self.admission: Admission | None = None
        self.is_idle = True
        self.is_plain = False
        self.is_writable = True
        self.is_closing = False
        self.is_gone = False
        self.exchange: Exchange | None = None
        self.late: Exchange | None = None
        self.reader: Reader | None = None
        self.scheme = "http"
        self.http_version = "1.1"
        self.tls: dict[str, Any] | None = None
        self.departure: asyncio.Future[None] | None = None
        self.quiet = 0.0
        self.received_at = 0.0
        self.lingered = 0
        self._paused = 0
        self._writable: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: remember the addresses and make the parser of the short way."""
        self.transport = transport
        self.write = self.transport.write
        self.feed = httptools.HttpRequestParser(self).feed_data
        self.client = address(self.transport.get_extra_info("peername"))
        self.server = address(self.transport.get_extra_info("sockname"))
        if transport.get_extra_info("ssl_object") is not None:
            self.scheme = "https"
            self.tls = tls_details(transport)
        self.state.connections.add(self)

    # The short way ----------------------------------------------------------------------------

    def on_message_complete(self) -> None:
        """The parser of the short way has seen what was framed as one message."""
        self.is_idle = False

    def data_received(self, data: bytes) -> None:
        """Take the short way with one plain, complete message; else hand over to the reader."""
        if self.is_idle:
            line_end = data.find(b"\r\n", 0, self.line_limit)
            head_end = data.find(b"\r\n\r\n") + 2
            block = data[line_end:head_end]
            if block != self.block:
                self.admit(block)
            admission = self.admission
            if admission is not None and head_end + admission.rest == len(data):
                try:
                    method, target, version = str(data[:line_end], "ascii").split(" ")
                    if version == "HTTP/1.1" and method in _PLAIN and target[0] == "/":
                        self.feed(data)
                except (ValueError, IndexError, httptools.HttpParserError):
                    self.feed = httptools.HttpRequestParser(self).feed_data
                else:
                    if not self.is_idle and "#" not in target:
                        path, _, query = target.partition("?")
                        body = data[head_end + 2 :] if admission.rest > 2 else b""
                        request = Request(method, path, query, admission.headers, self, body)
                        self.quiet = 0.0
                        self.state.enter(request)
                        if not self.is_idle:
                            self.wait_for(request)
                        return
        self.read(data)

    def admit(self, block: bytes) -> None:
        """Examine a header block that differs from the last one on this connection."""
        self.block = block
        self.admission = admit(block, self.state.gate, self.state.limits) if block else None
        self.restore()

    def deliver(self, request: Request, response: Response) -> None:
        """Write the answer to `request`, the oldest one open on this connection."""
        body = response.body
        if (
            self.is_plain
            and response._headers is None  # noqa: SLF001 - what is asked for here is made
            and response._callbacks is None  # noqa: SLF001
            and body.__class__ is bytes
        ):
            baked: Any = response._baked  # noqa: SLF001
            if (wire := baked.wire or bake(baked)) is not None:
                self.write(b"%b%d%b%b" % (wire, len(body), self.clock.date, body))
                self.is_idle = True
                return
        self.answer(request, response)

    def restore(self) -> None:
        """Let plain answers take the short way again, if the connection stays."""
        self.is_plain = (
            self.admission is not None
            and self.admission.keep_alive
            and not self.is_closing
            and not self.state.is_draining
        )

    # The general way, in ------------------------------------------------------------------------

    def read(self, data: bytes) -> None:
        """Hand over to the reader what did not take the short way."""
        if self.is_closing:
            self.linger(len(data))
            return
        if self.reader is None:
            self.reader = Reader(self)
        self.is_idle = False
        self.quiet = 0.0
        self.reader.feed(data)

    @property
    def is_ready(self) -> bool:
        """Whether the next request may start: none is in work, and answers can be sent."""
        return self.exchange is None and self.is_writable and not self.is_closing

    def begin(self, head: Head, body: bytes | BodyStream) -> None:
        """Start on a request that the reader has found."""
        line = head.line
        self.http_version = line.version
        self.is_plain = self.is_idle = False
        request = Request(line.method, line.path, line.query, head.headers, self, body)
        self.exchange = Exchange(
            self,
            request,
            head.keep_alive,
            started=self.received_at,
            is_recent=line.version == "1.1",
            body=body if isinstance(body, BodyStream) else None,
        )
        if line.path == "*":
            self.deliver(request, Response(b"", 204, {"allow": ALLOWED}))
        else:
            self.state.enter(request)
        if self.exchange is not None:
            self.exchange.suspend()

    def upgrade(self, head: Head) -> bool:
        """Offer a request for another protocol to what the state names for it; none is taken yet.

        Whoever takes it sets another protocol on `transport` and is fed what the reader holds.
        """
        takes_over = self.state.takes_over
        return takes_over is not None and takes_over(self, head)

    def wait_for(self, request: Request) -> None:
        """The answer to `request` comes later."""
        if not self.is_closing:
            self.exchange_of(request).suspend()

    def exchange_of(self, request: Request) -> Exchange:
        """Return the exchange of the request in work, opening it for one of the short way."""
        if self.exchange is None:
            keep_alive = self.admission is not None and self.admission.keep_alive
            self.exchange = Exchange(self, request, keep_alive, started=self.received_at)
            self.is_plain = False
        return self.exchange

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Remember the task that works on `request`, to cancel it if the client leaves."""
        exchange = self.exchange_of(request)
        if exchange.request is request:
            exchange.work(task)

    def refuse(self, refusal: Refusal) -> None:
        """Answer what is no request, and close."""
        self.write(render_refusal(refusal.status, self.clock.date, refusal.allow))
        self.close()

    def send_continue(self) -> None:
        """Tell the client to send the body it asked about (RFC 9110 §10.1.1)."""
        if not self.is_closing:
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    # The general way, out -------------------------------------------------------------------------

    def answer(self, request: Request, response: Response) -> None:
        """Send an answer that is more than a baked head with some bytes, or comes late."""
        if self.late is not None and self.late.request is request:
            late, self.late = self.late, None
            late.drop(response)
            return
        self.exchange_of(request).answer(response)

    def finish(self, exchange: Exchange) -> None:
        """Go on with the next message after an answer, or close."""
        self.exchange = None
        self.http_version = "1.1"
        self.quiet = 0.0
        if exchange.is_stuck:
            self.late = exchange
        if self.state.log is not None:
            exchange.report(self.state.log)
        if self.is_closing:
            return
        if not exchange.keep_alive:
            self.close()
            return
        reader = self.reader
        if reader is not None:
            reader.skip_body()
            reader.advance()
        else:
            self.rest()

    def rest(self) -> None:
        """Be idle if there is nothing left to do."""
        if self.exchange is not None or self.is_closing:
            return
        if self.reader is None or self.reader.is_empty:
            self.is_idle = True
            self.restore()
            if self.state.is_draining:
                self.close()

    async def writable(self) -> None:
        """Return when the send buffer has room; a client that has gone cancels the wait."""
        if not self.is_writable:
            self._writable = self.state.loop.create_future()
            await self._writable

    # Flow control ---------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """The send buffer is full: the client does not read as fast as it is answered."""
        self.is_writable = False
        self.quiet = 0.0
        self.throttle(_FULL_OUTPUT, self.reader is None or self.reader.framing is None)

    def resume_writing(self) -> None:
        """The send buffer has room again."""
        self.is_writable = True
        self.quiet = 0.0
        if self._writable is not None:
            if not self._writable.done():
                self._writable.set_result(None)
            self._writable = None
        self.throttle(_FULL_OUTPUT, False)
        if self.reader is not None and self.exchange is None and not self.is_closing:
            self.reader.advance()

    def throttle_input(self, is_full: bool) -> None:
        """Pause or resume reading: requests wait for the answer before them."""
        self.throttle(_FULL_INPUT, is_full)

    def throttle_body(self, is_full: bool) -> None:
        """Pause or resume reading: the handler is slower than the client."""
        self.throttle(_FULL_BODY, is_full)

    def throttle(self, reason: int, is_full: bool) -> None:
        """Pause reading while there is any reason to."""
        paused = self._paused | reason if is_full else self._paused & ~reason
        if bool(paused) is not bool(self._paused) and not self.transport.is_closing():
            if paused:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()
        self._paused = paused

    # The end --------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close after the last answer; what the client still sends is dropped for a moment.

        Closing with input unread would reset the connection, and the client lose the answer.
        """
        if self.is_closing:
            return
        self.is_closing = True
        self.is_plain = self.is_idle = False
        self.quiet = 0.0
        self._throttle_off()
        reader = self.reader
        if reader is None or reader.is_empty or not self.transport.can_write_eof():
            self.transport.close()
        else:
            reader.buffer.clear()
            self.transport.write_eof()

    def _throttle_off(self) -> None:
        for reason in (_FULL_INPUT, _FULL_BODY, _FULL_OUTPUT):
            self.throttle(reason, False)

    def linger(self, received: int) -> None:
        """Drop what arrives after the last answer, within bounds."""
        self.lingered += received
        if self.lingered > _LINGER_BYTES:
            self.transport.close()

    def drain(self) -> None:
        """Close now if idle, else after the answer in work."""
        self.is_plain = False
        if self.is_idle:
            self.close()

    def abort(self) -> None:
        """Break the connection off."""
        self.transport.abort()
        self.lose()

    def eof_received(self) -> None:
        """The client has closed its side: it has gone. The transport closes itself."""
        self.lose()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.state.connections.discard(self)
        self.lose()

    def lose(self) -> None:
        """The client has gone: stop what nobody needs any more."""
        if self.is_gone:
            return
        self.is_gone = self.is_closing = True
        self.is_plain = self.is_idle = False
        if self.departure is not None and not self.departure.done():
            self.departure.set_result(None)
        if self.reader is not None:
            self.reader.lose()
        if self.exchange is not None:
            self.exchange.abandon()

    async def gone(self) -> None:
        """Return when the client has gone away."""
        if not self.is_gone:
            if self.departure is None:
                self.departure = self.state.loop.create_future()
            await asyncio.shield(self.departure)

    def tick(self, now: float, passed: float) -> None:
        """Look at the time-outs; `passed` seconds since the last time."""
        limits = self.state.limits
        self.quiet += passed
        if not self.is_writable:
            if self.quiet > limits.write_timeout:
                self.abort()
        elif self.is_closing:
            if self.quiet > limits.linger_timeout:
                self.transport.close()
        elif self.is_idle:
            if self.quiet > limits.idle_timeout:
                self.close()
        elif self.reader is not None:
            self.reader.tick(passed, not self._paused)
        if self.exchange is not None:
            self.exchange.tick(now, passed)


class LoggedHTTPProtocol(HTTPProtocol):
    """A connection whose answers are reported to `ServerState.log`, and so take the general way."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Note the time, then do the same."""
        self.received_at = self.state.loop.time()
        super().data_received(data)

    def restore(self) -> None:
        """Stay on the general way."""


def address(name: Any) -> tuple[str, int] | None:
    """Return `(host, port)`, or None where a socket has no such name."""
    return (name[0], name[1]) if isinstance(name, tuple) else None


def tls_details(transport: asyncio.BaseTransport) -> dict[str, Any]:
    """Return what the handshake has agreed on, and the peer's certificate where it gave one."""
    ssl_object = transport.get_extra_info("ssl_object")
    return {
        "version": ssl_object.version(),
        "cipher": transport.get_extra_info("cipher"),
        "certificate": transport.get_extra_info("peercert"),
    }
