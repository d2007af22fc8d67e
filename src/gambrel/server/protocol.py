"""The native server's connection: bytes in, `Request` to the app, `Response` out as bytes.

A message that is all in one piece and has nothing unusual takes the short way (`data_received`,
`deliver`); every other goes through `reader.py` and `exchange.py`. Both are parsed by httptools;
what it lets through and must not pass is refused. Requests of one connection are answered in order.
"""

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

import httptools

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.server.admission import VERSION_SIZE, Admission, admit
from gambrel.server.body import BodyStream
from gambrel.server.connection import Connection, ignore
from gambrel.server.exchange import JOINED, Exchange
from gambrel.server.head import ALLOWED, UNUSUAL, Head, Refusal
from gambrel.server.reader import Reader
from gambrel.server.state import ServerState
from gambrel.server.wire import bake_bare, render_refusal

__all__ = ["HTTPProtocol", "LoggedHTTPProtocol", "ObservedHTTPProtocol", "ServerState"]

_log = logging.getLogger("gambrel.server")
# What takes the short way; HEAD is answered without its body, the rest is refused or rare.
_LENGTHS = tuple(b"%d" % size for size in range(1024))
_PLAIN = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class HTTPProtocol(Connection):
    """The messages of one connection."""

    __slots__ = ("admission", "feed", "is_whole", "line_limit", "received_at")

    feed: Callable[[bytes], None]

    def __init__(self, state: ServerState) -> None:
        super().__init__(state)
        self.line_limit = state.limits.request_line - VERSION_SIZE
        self.admission: Admission | None = None
        self.is_whole = False
        self.received_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: make the parser of the short way."""
        super().connection_made(transport)
        self.feed = httptools.HttpRequestParser(self).feed_data
        if not self.state.has_room():  # and none to wait for its request either
            after = ("retry-after", str(self.state.limits.retry_after))
            self.write(render_refusal(503, self.clock.date, after))
            self.state.report_refused(self, 503)
            self.transport.close()
            self.lose()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        self.feed = ignore  # the parser refers to the connection: this breaks the circle

    # The short way ----------------------------------------------------------------------------

    def on_message_complete(self) -> None:
        """The parser of the short way has seen what was framed as one message."""
        self.is_whole = True

    def data_received(self, data: bytes) -> None:
        """Take the short way with one plain, complete message; else hand over to the reader.

        Whatever stands before a tail that is known (`admit`) can only be a method and a target:
        text without an unusual character, so that no line ends in it, and parted by one space.
        """
        if self.is_idle:
            admission = self.admission
            if admission is None or not (
                data.endswith(admission.tail, 0, -admission.size)
                if admission.size
                else data.endswith(admission.tail)
            ):
                admission = self.admit(data)
            if admission is not None:
                end = len(data) - admission.size
                line_end = end - len(admission.tail)
                line = data[:line_end].translate(None, UNUSUAL)
                try:
                    method, target = line.decode().split(" ")
                except ValueError:
                    method = target = ""
                if (
                    method in _PLAIN
                    and target.startswith("/")
                    and len(line) == line_end <= self.line_limit
                ):
                    path, _, query = target.partition("?")
                    body = data[end:] if admission.size else b""
                    request = Request(method, path, query, admission.headers, self, body)
                    self.quiet = 0.0
                    self.is_idle = False
                    self.state.enter(request)
                    if not self.is_idle:
                        self.wait_for(request)
                    return
        self.read(data)

    def admit(self, data: bytes) -> Admission | None:
        """Examine a message whose headers differ from the last ones on this connection.

        What is admitted is a whole message to httptools, too. From then on its tail is known: all
        from the version in the request line to the blank line.
        """
        self.is_new = False
        self.admission = None
        admission = admit(data, self.state.gate, self.state.limits)
        if admission is not None:
            self.is_whole = False
            try:
                self.feed(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade):
                self.is_whole = False
            if self.is_whole:
                self.admission = admission
            else:  # where that parser stands now is nobody's business
                self.feed = httptools.HttpRequestParser(self).feed_data
        self.restore()
        return self.admission

    def deliver(self, request: Request, response: Response) -> None:
        """Write the answer to `request`, the oldest one open on this connection."""
        body: Any = response.body
        if (
            self.is_plain
            and response._headers is None  # noqa: SLF001 - so it is baked; asking would unpack it
            and response._callbacks is None  # noqa: SLF001
            and body.__class__ is bytes
            and len(body) <= JOINED
            and (wire := response._baked.wire)  # type: ignore[union-attr]  # noqa: SLF001
        ):
            size = len(body)
            length = _LENGTHS[size] if size < 1024 else b"%d" % size
            self.write(b"".join((wire, length, self.clock.date, body)))
            self.is_idle = True
            return
        baked = response._baked  # noqa: SLF001
        if (
            self.is_plain
            and baked is not None
            and response._headers is None  # noqa: SLF001
            and response._callbacks is None  # noqa: SLF001
            and (head := bake_bare(baked))
        ):
            self.write(head + self.clock.date)
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
            and not self.is_dressed
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

    def offer(self, message: bytes) -> None:
        """Take a message without a body on the short way, or give it back to `Reader.feed`.

        It was cut out whole, so slicing its headers is safe where several came in one piece.
        """
        self.is_idle = True
        self.data_received(message)

    @property
    def is_ready(self) -> bool:
        """Whether the next request may start: none is in work, and answers can be sent."""
        return self.exchange is None and self.is_writable and not self.is_closing

    def begin(self, head: Head, body: bytes | BodyStream) -> None:
        """Start on a request that the reader has found."""
        self.http_version = head.version
        self.is_plain = self.is_idle = False
        request = Request(head.method, head.path, head.query, head.headers, self, body)
        exchange = self.open(request, head.keep_alive)
        exchange.is_recent = head.version == "1.1"
        if isinstance(body, BodyStream):
            exchange.body = body
        if head.path == "*":
            self.deliver(request, Response(b"", 204, {"allow": ALLOWED}))
        else:
            self.state.enter(request)
        if self.exchange is not None:
            self.exchange.suspend()

    def wait_for(self, request: Request) -> None:
        """The answer to `request` comes later."""
        if not self.is_closing:
            self.exchange_of(request).suspend()

    def exchange_of(self, request: Request) -> Exchange:
        """Return the exchange of the request in work, opening it for one of the short way."""
        if self.exchange is None:
            keep_alive = self.admission is not None and self.admission.keep_alive
            self.is_plain = False
            return self.open(request, keep_alive)
        return self.exchange

    def open(self, request: Request, keep_alive: bool) -> Exchange:
        """Open the exchange of a request."""
        # For pyright `write` is a slot and no method.
        self.exchange = exchange = Exchange(self, request, keep_alive)  # pyright: ignore[reportArgumentType]
        exchange.started = self.received_at
        return exchange

    def waiting(self, request: Request, task: asyncio.Task[Response]) -> None:
        """Remember the task that works on `request`, to cancel it if the client leaves."""
        exchange = self.exchange_of(request)
        if exchange.request is request:
            exchange.work(task)

    def refuse(self, refusal: Refusal) -> None:
        """Answer what is no request, and close; its developer is told why."""
        if self.state.tells_refusals and str(refusal):
            _log.warning("a request was refused with %s: %s", refusal.status, refusal)
        is_head = self.reader is not None and self.reader.is_head
        date = self.clock.date
        answer = render_refusal(refusal.status, date, *refusal.fields, is_head=is_head)
        self.write(answer)
        self.state.report_refused(self, refusal.status)
        self.close(is_sending=True)

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

    def switch(self, exchange: Exchange, response: Any) -> None:
        """Hand the connection over to the WebSocket that an answer opens."""
        from gambrel.server.sockets.upgrade import take_over  # noqa: PLC0415 - start-up: sockets

        request = exchange.request
        exchange.report()
        self.exchange = None
        pairs = self.state.dress(response, request)
        take_over(self, response.session, request.headers, pairs)
        self.feed = ignore

    def finish(self, exchange: Exchange) -> None:
        """Go on with the next message after an answer, or close."""
        self.exchange = None
        self.http_version = "1.1"
        self.quiet = 0.0
        if exchange.is_stuck:
            self.late = exchange
        exchange.report()
        if self.is_closing:
            return
        if not exchange.keep_alive:
            self.close()
            return
        self.is_idle = True  # what the reader still has decides, once it is through
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
        self.is_idle = self.reader is None or self.reader.is_empty
        if self.is_idle:
            self.restore()
            if self.state.is_draining:
                self.close()


# Called as functions: `super()` costs 0.1 µs more, at every request.
_receive = HTTPProtocol.data_received
_deliver = HTTPProtocol.deliver


class ObservedHTTPProtocol(HTTPProtocol):
    """A connection whose answers are told to the app's observers, as they are delivered."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Note the time, then do the same."""
        self.received_at = perf_counter()
        _receive(self, data)

    def deliver(self, request: Request, response: Response) -> None:
        """Tell of the answer, then write it."""
        if self.late is None or self.late.request is not request:  # that was told of already
            # More may have come since it began: the rest of its body, or what follows it.
            began = self.received_at if self.exchange is None else self.exchange.started
            seconds, status = perf_counter() - began, response.status
            for observe in self.state.observers:
                try:
                    observe(request, status, seconds)
                except Exception:
                    self.app.log.exception("an observer of answers failed")
        _deliver(self, request, response)


_observe_and_deliver = ObservedHTTPProtocol.deliver


class LoggedHTTPProtocol(ObservedHTTPProtocol):
    """A connection whose answers are reported to `ServerState.logs`, too.

    An `Exchange` reports its own; those of the short way have none.
    """

    __slots__ = ("is_exchanged",)

    def deliver(self, request: Request, response: Response) -> None:
        """Write the answer, and report it if it took the short way."""
        self.is_exchanged = False
        state = self.state
        if state.observers:
            _observe_and_deliver(self, request, response)
        else:
            _deliver(self, request, response)
        if not self.is_exchanged:  # so it is baked, and has bytes
            size, seconds = len(response.body), perf_counter() - self.received_at  # type: ignore[arg-type]
            state.report(request, response._baked.status, size, seconds)  # type: ignore[union-attr]  # noqa: SLF001

    def answer(self, request: Request, response: Response) -> None:
        """Note that this is not the short way."""
        self.is_exchanged = True
        HTTPProtocol.answer(self, request, response)
