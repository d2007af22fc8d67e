"""A WebSocket through the messages of ASGI: the wire where another server carries the frames."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from gambrel.core.http.types import Message, Receive, Send
from gambrel.websockets.closing import FAILED, NO_CODE, TOO_BIG
from gambrel.websockets.session import Session

__all__ = ["serve"]

_ROOM = 64 * 1024
_PEEK = 1.0
_log = logging.getLogger("gambrel.server")


class ASGIWire:
    """Sends in the order of the calls, from a task, since ASGI waits for each message."""

    def __init__(self, session: Session, send: Send) -> None:
        self.session = session
        self.is_writable = True
        self.unsent = 0
        self._send = send
        self._outgoing: deque[tuple[Message, int]] = deque()
        self._coming = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._deaf = 0.0
        self.is_closing = False

    def send(self, data: str | bytes) -> None:
        """Queue a message."""
        kind = "text" if isinstance(data, str) else "bytes"
        self._put({"type": "websocket.send", kind: data}, size_of(data))
        self.is_writable = self.unsent < _ROOM

    def close(self, code: int, reason: str) -> None:
        """Queue the closing."""
        self.is_closing = True
        self.throttle(False)
        self._put({"type": "websocket.close", "code": code, "reason": reason}, 0)
        session = self.session
        session.timer = session.loop.call_later(session.limits.close_timeout, session.end)

    def confirm(self) -> None:
        """Nothing: the server has answered the closing by itself."""

    def throttle(self, is_full: bool) -> None:
        """Let `receive` wait."""
        if is_full:
            self._room.clear()
        else:
            self._deaf = 0.0
            self._room.set()

    def _put(self, message: Message, size: int) -> None:
        self._outgoing.append((message, size))
        self.unsent += size
        self._coming.set()

    async def run(self, side: Awaitable[None]) -> None:
        """Run one side of the wire; where the server fails, the socket is closed."""
        try:
            await side
        except (OSError, RuntimeError):  # servers tell in either way that the client left
            self.session.end()
        except Exception:
            _log.exception("the server has failed to carry a WebSocket")
            self.session.end()

    async def pump(self) -> None:
        """Hand the queue to the server, until the closing."""
        while True:
            await self._coming.wait()
            self._coming.clear()
            while self._outgoing:
                message, size = self._outgoing.popleft()
                await self._send(message)
                self.unsent -= size
                if not self.is_writable and self.unsent <= _ROOM // 2:
                    self.is_writable = True
                    self.session.resume()
                if message["type"] == "websocket.close":
                    self.session.end(message["code"], message["reason"])
                    return

    async def take(self, receive: Receive) -> None:
        """Hand what comes to the session, until the client has gone; behind a closing, drop it."""
        session = self.session
        while True:
            if not self._room.is_set():
                await self.room()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code = message.get("code")
                session.end(NO_CODE if code is None else code, message.get("reason") or "")
                return
            if session.closed is None and session.closing is None:
                text = message.get("text")
                data = message.get("bytes") or b"" if text is None else text
                if size_of(data) > session.limits.max_message:
                    session.begin_close(TOO_BIG, "the message is too large")
                else:
                    session.take(data)

    async def room(self) -> None:
        """Return when the handler has room for a message, or one is taken all the same.

        That the client has left or the server stops is a message too, behind those that wait. So
        one a second is taken from a handler that does not read, up to twice what may wait. Whether
        its client is still there cannot be told: it is given up like one that is silent.
        """
        session, limits = self.session, self.session.limits
        while not self._room.is_set():
            waiting = len(session.incoming)
            with suppress(TimeoutError):
                async with asyncio.timeout(_PEEK):
                    await self._room.wait()
            if len(session.incoming) < waiting:
                self._deaf = 0.0
                continue
            self._deaf += _PEEK
            if self._deaf >= limits.ping_interval + limits.ping_timeout:
                session.begin_close(FAILED, "nobody receives")
            elif waiting < 2 * limits.queue and session.held < 2 * limits.max_message:
                return


async def serve(
    session: Session, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send
) -> None:
    """Open a socket, and return when its handler is done."""
    accept: dict[str, Any] = {"type": "websocket.accept", "headers": headers}
    handler, wire = session.task, ASGIWire(session, send)
    assert handler is not None
    sides: list[asyncio.Future[None]] = []
    try:
        await wire.run(send(accept | {"subprotocol": session.subprotocol}))
        if session.closed is None:
            session.open(wire)
            sides = [asyncio.ensure_future(wire.run(s)) for s in (wire.pump(), wire.take(receive))]
            await asyncio.wait([handler])
        if wire.is_closing:  # some servers wait for ever where nobody takes what they have read
            await asyncio.wait(sides, timeout=session.limits.close_timeout)
    except asyncio.CancelledError:
        handler.cancel()
        raise
    finally:
        session.end()
        for side in sides:
            side.cancel()
        await asyncio.wait([handler, *sides])


def size_of(data: str | bytes) -> int:
    """Return the bytes that a message has on the wire."""
    if isinstance(data, str) and not data.isascii():
        return len(data.encode(errors="surrogatepass"))
    return len(data)
