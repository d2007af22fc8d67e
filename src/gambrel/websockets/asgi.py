"""A WebSocket through the messages of ASGI: the wire where another server carries the frames."""

import asyncio
from collections import deque
from typing import Any

from gambrel.core.http.types import Message, Receive, Send
from gambrel.websockets.closing import ABNORMAL, NO_CODE, TOO_BIG
from gambrel.websockets.session import Session

__all__ = ["serve"]

_ROOM = 64 * 1024


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

    def send(self, data: str | bytes) -> None:
        """Queue a message."""
        kind = "text" if isinstance(data, str) else "bytes"
        self._put({"type": "websocket.send", kind: data}, len(data))
        self.is_writable = self.unsent < _ROOM

    def close(self, code: int, reason: str) -> None:
        """Queue the closing."""
        self._put({"type": "websocket.close", "code": code, "reason": reason}, 0)
        self.session.loop.call_later(self.session.limits.close_timeout, self.session.end)

    def confirm(self) -> None:
        """Nothing: the server has answered the closing by itself."""

    def throttle(self, is_full: bool) -> None:
        """Let `receive` wait."""
        if is_full:
            self._room.clear()
        else:
            self._room.set()

    def _put(self, message: Message, size: int) -> None:
        self._outgoing.append((message, size))
        self.unsent += size
        self._coming.set()

    async def pump(self) -> None:
        """Hand the queue to the server, until the closing."""
        while True:
            await self._coming.wait()
            self._coming.clear()
            while self._outgoing:
                message, size = self._outgoing.popleft()
                try:
                    await self._send(message)
                except (OSError, RuntimeError):  # servers tell in either way that the client left
                    self.session.end()
                    return
                self.unsent -= size
                if not self.is_writable and self.unsent <= _ROOM // 2:
                    self.is_writable = True
                    self.session.resume()
                if message["type"] == "websocket.close":
                    self.session.end(message["code"], message["reason"])
                    return

    async def take(self, receive: Receive) -> None:
        """Hand what comes to the session, until the client has gone."""
        session = self.session
        while session.closed is None:
            await self._room.wait()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                code = message.get("code")
                session.end(NO_CODE if code is None else code, message.get("reason") or "")
            elif session.closing is None:
                text = message.get("text")
                data = message.get("bytes") or b"" if text is None else text
                if len(data) > session.limits.max_message:
                    session.begin_close(TOO_BIG, "the message is too large")
                else:
                    session.take(data)


async def serve(
    session: Session, headers: list[tuple[bytes, bytes]], receive: Receive, send: Send
) -> None:
    """Open a socket, and return when its handler is done."""
    accept: dict[str, Any] = {"type": "websocket.accept", "headers": headers}
    await send(accept | {"subprotocol": session.subprotocol})
    wire = ASGIWire(session, send)
    session.open(wire)
    tasks = [asyncio.ensure_future(wire.pump()), asyncio.ensure_future(wire.take(receive))]
    try:
        assert session.task is not None
        await asyncio.wait([session.task])
    finally:
        session.end(ABNORMAL)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
