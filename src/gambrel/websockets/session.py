"""`Session`: one WebSocket, between the wire that carries it and the handler that uses it.

An edge makes a `Wire`, and calls `open`, `take` and `end`; the handler's `WebSocket` calls the
rest. Knows neither frames nor types.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from gambrel.websockets.closing import ABNORMAL, NORMAL, WebSocketClosed, check_code, clip_reason
from gambrel.websockets.limits import Limits

__all__ = ["Session", "Wire"]

_FAIR = 64
"""Messages that may be sent at a stretch, before others get their turn."""
_TWO = "two tasks receive from one WebSocket; let one hand on to others"


class Wire(Protocol):
    """The connection of an open WebSocket, as its edge presents it."""

    is_writable: bool
    """Whether the send buffer has room."""

    @property
    def unsent(self) -> int:
        """Bytes in the send buffer."""
        ...

    def send(self, data: str | bytes) -> None:
        """Send a message: text, or bytes."""

    def close(self, code: int, reason: str) -> None:
        """Begin to close; `Session.end` follows, at the latest after the close time-out."""

    def confirm(self) -> None:
        """Close now, after `Session.leave`."""

    def throttle(self, is_full: bool) -> None:
        """Stop receiving messages, or go on."""


class Session:
    """The state of one WebSocket: waiting for its opening, open, or closed."""

    __slots__ = (
        "accepted",
        "closed",
        "closing",
        "compress",
        "held",
        "incoming",
        "is_full",
        "leaving",
        "limits",
        "loop",
        "opened",
        "scopes",
        "sent",
        "subprotocol",
        "task",
        "timer",
        "waiter",
        "wire",
        "writers",
    )

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.compress = limits.compress
        self.loop = asyncio.get_running_loop()
        self.accepted: asyncio.Future[None] = self.loop.create_future()
        self.opened: asyncio.Future[None] | None = None
        self.subprotocol: str | None = None
        self.wire: Wire | None = None
        self.task: asyncio.Task[Any] | None = None
        self.closed: WebSocketClosed | None = None
        self.closing: asyncio.Future[None] | None = None
        self.leaving: tuple[int, str] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.incoming: deque[str | bytes] = deque()
        self.held = self.sent = 0
        self.is_full = False
        self.waiter: asyncio.Future[None] | None = None
        self.writers: list[asyncio.Future[None]] | None = None
        self.scopes: list[asyncio.Timeout] = []

    # What the edge calls ------------------------------------------------------------------------

    def open(self, wire: Wire) -> None:
        """The handshake is answered: messages may go both ways."""
        self.wire = wire
        wake(self.opened)

    def take(self, message: str | bytes) -> None:
        """A message has come."""
        self.incoming.append(message)
        self.held += len(message)
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            if not waiter.done():
                waiter.set_result(None)
        elif len(self.incoming) >= self.limits.queue or self.held >= self.limits.max_message:
            self.is_full = True
            self.wire.throttle(True)  # type: ignore[union-attr]  # it is open

    def resume(self) -> None:
        """The send buffer has room again."""
        for writer in self.writers or ():
            wake(writer)
        self.writers = None

    def leave(self, code: int, reason: str) -> None:
        """Nothing more will come: the wire confirms the closing once all that came is handled."""
        self.leaving = code, reason
        self.dismiss()
        if self.waiter is not None:
            self.confirm()
        else:
            self.timer = self.loop.call_later(self.limits.close_timeout, self.confirm)

    def confirm(self) -> None:
        """Close after the client."""
        if self.closed is None and self.leaving is not None:
            self.wire.confirm()  # type: ignore[union-attr]  # it is open
            self.end(*self.leaving)

    def end(self, code: int = ABNORMAL, reason: str = "") -> None:
        """The socket is closed, or never will be open. A handler that does not notice is ended."""
        if self.closed is not None:
            return
        self.closed = WebSocketClosed(code, reason)
        for waiting in (self.opened, self.waiter, self.closing):
            wake(waiting)
        self.waiter = None
        self.resume()
        self.dismiss()
        self.wire = None
        self.forget()
        if self.task is not None and not self.task.done():
            self.timer = self.loop.call_later(self.limits.close_timeout, self.task.cancel)
            self.task.add_done_callback(self.forget)

    def forget(self, _task: object = None) -> None:
        """Let the timer go, which would hold this session, and all it has, until its time."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def dismiss(self) -> None:
        """End the blocks that last while the socket is open."""
        scopes, self.scopes = self.scopes, []
        for scope in scopes:
            if not scope.expired():  # one that is being broken off can be told nothing more
                scope.reschedule(self.loop.time())

    # What the handler calls ---------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self.wire is not None and self.closed is None and self.closing is None

    @asynccontextmanager
    async def while_open(self) -> AsyncIterator[None]:
        """Break off what waits in the block, and go on behind it, once either side closes."""
        scope = asyncio.timeout(None if self.is_open and self.leaving is None else 0)
        try:
            async with scope:
                self.scopes.append(scope)
                yield
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            if scope in self.scopes:
                self.scopes.remove(scope)

    async def ready(self) -> Wire:
        """Return the open wire, accepting the handshake first. Raises WebSocketClosed."""
        if self.closed is None and self.wire is None:
            if self.opened is None:
                self.opened = self.loop.create_future()
            wake(self.accepted)
            await asyncio.wait([self.opened], timeout=self.limits.close_timeout)
            if self.wire is None:
                self.end()
        if self.closed is not None:
            raise self.closed.with_traceback(None)
        assert self.wire is not None
        return self.wire

    async def accept(self) -> None:
        """Accept the handshake. Raises WebSocketClosed where a client left without a word."""
        try:
            await self.ready()
        except WebSocketClosed:
            if not self.incoming:
                raise

    async def receive(self, *, in_loop: bool = False) -> str | bytes:
        """Return the next message. After the last, raises WebSocketClosed, or ends `async for`."""
        try:
            while not self.incoming:
                self.confirm()
                if self.wire is None or self.closed is not None:
                    await self.accept()
                elif self.waiter is not None:
                    raise RuntimeError(_TWO)
                else:
                    self.waiter = waiter = self.loop.create_future()
                    try:
                        await waiter
                    except asyncio.CancelledError:
                        if self.waiter is waiter:
                            self.waiter = None
                        raise
        except WebSocketClosed:
            if in_loop:
                raise StopAsyncIteration from None
            raise
        message = self.incoming.popleft()
        self.held -= len(message)
        if self.is_full and len(self.incoming) <= self.limits.queue // 2:
            self.is_full = False
            if self.wire is not None:
                self.wire.throttle(False)
        return message

    async def send(self, data: str | bytes) -> None:
        """Send a message, and wait while the client is slow. Raises WebSocketClosed.

        Who sends on and on lets the loop turn: to serve others, and to learn of the client's end.
        """
        wire = self.wire
        if wire is None or self.closed is not None:
            wire = await self.ready()
        elif self.closing is not None:
            raise WebSocketClosed(NORMAL, "closed by this side")
        wire.send(data)
        self.sent += 1
        if not wire.is_writable:
            await self.writable()
        elif self.sent % _FAIR == 0:
            await asyncio.sleep(0)

    async def writable(self) -> None:
        """Return when the send buffer has room. Raises WebSocketClosed."""
        writer = self.loop.create_future()
        self.writers = [*(self.writers or ()), writer]
        await writer
        if self.closed is not None:
            raise self.closed.with_traceback(None)

    async def close(self, code: int, reason: str) -> None:
        """Close, and return when that is done; what comes in the meantime is dropped."""
        check_code(code)
        if self.closed is None and self.closing is None:
            await self.ready()
            self.begin_close(code, reason)
        if self.closed is None and self.closing is not None:
            await asyncio.shield(self.closing)

    def begin_close(self, code: int, reason: str) -> None:
        """Close without waiting for the client."""
        if self.leaving is not None:
            self.confirm()
        elif self.wire is not None and self.closing is None:
            self.closing = self.loop.create_future()
            self.incoming.clear()
            self.dismiss()
            self.wire.close(code, clip_reason(reason))


def wake(future: "asyncio.Future[None] | None") -> None:
    """Resolve a future that somebody may wait for."""
    if future is not None and not future.done():
        future.set_result(None)
