"""The life of a connection: its transport, back-pressure both ways, and every way it can end.

`protocol.py` adds the messages. Nothing here knows what is read or written.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from gambrel.core.http.request import Request
from gambrel.server.exchange import Exchange
from gambrel.server.reader import Reader
from gambrel.server.state import REFUSED, ServerState

__all__ = ["Connection", "ignore"]

_FULL_INPUT, _FULL_BODY, _FULL_OUTPUT = 1, 2, 4
_LINGER_BYTES = 1 << 20
_log = logging.getLogger("gambrel.server")


class Connection(asyncio.Protocol):
    """One client connection, without its messages.

    `is_idle` says that the next message may take the short way in, `is_plain` that an answer may
    take the short way out; `is_closing` that no further request is taken.
    """

    __slots__ = (
        "_paused",
        "_writable",
        "app",
        "client",
        "clock",
        "departure",
        "exchange",
        "http_version",
        "is_closing",
        "is_dressed",
        "is_gone",
        "is_idle",
        "is_new",
        "is_plain",
        "is_writable",
        "kept",
        "late",
        "lingered",
        "quiet",
        "reader",
        "scheme",
        "server",
        "socket",
        "state",
        "tls",
        "transport",
        "unsent",
        "write",
    )

    transport: Any
    write: Callable[[bytes], None]

    def __init__(self, state: ServerState) -> None:
        self.state = state
        self.app = state.app
        self.clock = state.clock
        self.is_idle = True
        self.is_new = True  # nothing has been received
        self.is_plain = False
        self.is_dressed = False
        self.is_writable = True
        self.is_closing = False
        self.is_gone = False
        self.exchange: Exchange | None = None
        self.late: Exchange | None = None
        self.reader: Reader | None = None
        self.scheme = "http"
        self.http_version = "1.1"
        self.client: tuple[str, int] | None = None
        self.server: tuple[str, int] | None = None
        self.tls: dict[str, Any] | None = None
        self.departure: asyncio.Future[None] | None = None
        self.quiet = 0.0
        self.kept: Any = None  # values of dependencies that live as long as the connection
        self.socket: asyncio.Task[Any] | None = None  # the handler of a WebSocket, once it is one
        self.lingered = 0
        self.unsent = 0
        self._paused = 0
        self._writable: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin: remember the addresses."""
        self.transport = transport
        self.write = self.transport.write
        # A header of the PROXY protocol may have told them.
        self.client = self.client or address(transport.get_extra_info("peername"))
        self.server = self.server or address(transport.get_extra_info("sockname"))
        if transport.get_extra_info("ssl_object") is not None:
            self.scheme = "https"
            self.tls = tls_details(transport)
        may_be_secure = self.scheme == "https" or self.app.proxies is not None
        self.is_dressed = may_be_secure and self.state.has_secure_headers
        self.state.connections.add(self)

    async def hint(self, request: Request, links: list[tuple[str, str]]) -> None:
        """Send an early hint ahead of the answer to `request`, unless that has begun."""
        await asyncio.sleep(0)  # from here on, a request of the short way has its exchange
        if self.exchange is not None and self.exchange.request is request:
            self.exchange.hint(links)

    # Back-pressure ------------------------------------------------------------------------------

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

    async def writable(self) -> None:
        """Return when the send buffer has room; a client that has gone cancels the wait."""
        if not self.is_writable:
            self._writable = self.state.loop.create_future()
            await self._writable

    @property
    def is_reading(self) -> bool:
        """Whether the client is waited for, and not the other way round."""
        return not self._paused

    # Closing ------------------------------------------------------------------------------------

    def close(self, *, is_sending: bool = False) -> None:
        """Close after the last answer.

        Where the client may still be sending, that is dropped for a moment: closing with input
        unread would reset the connection, and the client might lose the answer.
        """
        if self.is_closing or self.transport.is_closing():
            return
        self.is_closing = True
        self.is_plain = self.is_idle = False
        self.quiet = 0.0
        for reason in (_FULL_INPUT, _FULL_BODY, _FULL_OUTPUT, REFUSED):
            self.throttle(reason, False)
        if self.reader is not None:
            is_sending = is_sending or not self.reader.is_empty
            self.reader.buffer.clear()
        if is_sending and self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def detach(self) -> bytes:
        """Leave the transport to whoever takes over; return what was received after the request."""
        self.is_closing = True
        self.is_plain = self.is_idle = False
        self.state.connections.discard(self)
        rest = bytes(self.reader.buffer) if self.reader is not None else b""
        if self.reader is not None:
            self.reader.buffer.clear()
        return rest

    def linger(self, received: int) -> None:
        """Drop what arrives after the last answer, within bounds."""
        self.lingered += received
        if self.lingered > _LINGER_BYTES:
            self.transport.close()

    def drain(self) -> None:
        """Close after the next answer, or the one in work: the long way out says so."""
        self.is_plain = False

    def end_events(self) -> None:
        """Close if the answer in work is a stream of events; its client comes again by itself."""
        if self.exchange is not None and self.exchange.is_endless:
            self.transport.close()
            self.lose()

    def abort(self) -> None:
        """Break the connection off."""
        self.transport.abort()
        self.lose()

    # Gone ---------------------------------------------------------------------------------------

    def eof_received(self) -> None:
        """The client has closed its side: it has gone. The transport closes itself."""
        self.lose()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.state.connections.discard(self)
        self.lose()
        self.write = ignore
        self.reader = None
        if self.kept is not None:
            self.state.spawn(self._close_kept())

    async def _close_kept(self) -> None:
        """Close the values of the connection, once nobody works with them."""
        tasks = [self.socket]
        for exchange in filter(None, (self.exchange, self.late)):
            tasks += [exchange.task, exchange.sender, exchange.stuck]
        working = {task for task in tasks if task is not None and not task.done()}
        if working:
            await asyncio.wait(working)
        kept, self.kept = self.kept, None
        try:
            await kept.close()
        except Exception:
            _log.exception("closing what belongs to a connection failed")

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
        if self.is_closing or not self.is_writable:
            self.tick_output()
        elif self.is_idle:
            if self.quiet > limits.idle_timeout:
                self.close()
        elif self.reader is not None:
            self.reader.tick(passed, self.is_reading)
        if self.exchange is not None:
            self.exchange.tick(now, passed)

    def tick_output(self) -> None:
        """Give up on a client that does not read, or does not take leave."""
        limits = self.state.limits
        unsent = self.transport.get_write_buffer_size()
        # A large answer takes its time: who reads at the rate asked of bodies is not given up.
        if not 0 <= self.unsent - unsent < limits.body_rate * limits.write_timeout:
            self.unsent = unsent
            self.quiet = 0.0
        if self.quiet > limits.write_timeout:
            self.abort()
        elif self.is_closing and self.exchange is None and self.quiet > limits.linger_timeout:
            self.transport.close()


def ignore(data: bytes) -> None:
    """Take the place of a transport that is gone."""


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
