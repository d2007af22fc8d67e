"""WebSockets of mounted ASGI apps: their messages, on a socket that this app has opened.

Origins, limits, pings and close codes are those of the extension that serves the sockets of this
app; it gives the socket, and nothing here knows its type.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from gambrel.core.http.errors import Forbidden
from gambrel.core.http.request import ClientGone, Request
from gambrel.core.http.response import Response
from gambrel.core.http.types import ASGIApp, Message, Scope

__all__ = ["serve_socket"]

Failed = Callable[[Request, BaseException], Awaitable[Response]]
_log = logging.getLogger("gambrel.server")


async def serve_socket(
    app: ASGIApp, scope: Scope, request: Request, socket: Any, failed: Failed
) -> Response:
    """Run an app for one socket; return what answers its handshake, or tells how it ended."""
    scope = {**scope, "type": "websocket", "scheme": scope["scheme"].replace("http", "ws")}
    del scope["method"]
    scope["subprotocols"] = list(socket.subprotocols)
    scope["extensions"] = {**scope["extensions"], "websocket.http.response": {}}
    messages = Messages(socket)
    try:
        await app(scope, messages.receive, messages.send)
        if not messages.is_answered.is_set():
            raise RuntimeError("a mounted app returned and has not answered a handshake")
    except (Exception, SystemExit) as error:
        if not is_end(error, socket.closed):
            return await failed(request, error)
        _log.debug("a mounted app has not caught the end of its socket", exc_info=True)
    if isinstance(messages.answer, Forbidden):
        return await failed(request, messages.answer)
    return messages.answer or Response(b"", 204)


def is_end(error: BaseException, closed: Any) -> bool:
    """Whether an error only passes on that the socket is closed, as frameworks do, by its code."""
    code = getattr(error, "code", None)
    return closed is not None and (isinstance(error, ClientGone) or code in {closed.code, 1006})


class Messages:
    """The messages of ASGI for one socket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.is_connected = False
        self.is_answered = asyncio.Event()
        self.start: Message = {}
        self.body = bytearray()
        self.answer: Response | Forbidden | None = None

    async def receive(self) -> Message:
        """Return what comes next: the handshake, a message, or the end of the socket."""
        if not self.is_connected:
            self.is_connected = True
            return {"type": "websocket.connect"}
        await self.is_answered.wait()  # a client that leaves before cancels the app
        if self.answer is not None:
            return {"type": "websocket.disconnect", "code": 1006, "reason": ""}
        try:
            message = await self.socket.receive()
        except ClientGone:
            closed = self.socket.closed
            return {"type": "websocket.disconnect", "code": closed.code, "reason": closed.reason}
        kind = "text" if isinstance(message, str) else "bytes"
        return {"type": "websocket.receive", kind: message}

    async def send(self, message: Message) -> None:
        """Take a message. Raises ClientGone where the socket is closed."""
        kind = message["type"]
        if not self.is_answered.is_set():
            await self.open(kind, message)
        elif kind == "websocket.send" and self.answer is None:
            text = message.get("text")
            await self.socket.send(message["bytes"] if text is None else text)
        elif kind == "websocket.close" and self.answer is None:
            await self.socket.close(message.get("code") or 1000, message.get("reason") or "")
        else:
            raise out_of_turn(kind)

    async def open(self, kind: str, message: Message) -> None:
        """Take a message that answers the handshake, or a part of that."""
        if kind == "websocket.accept" and not self.start:
            for name, value in message.get("headers") or ():
                self.socket.answer_headers.add(name.decode("latin-1"), value.decode("latin-1"))
            await self.socket.accept(message.get("subprotocol"))
        elif kind == "websocket.close" and not self.start:
            self.answer = Forbidden()
        elif kind == "websocket.http.response.start" and not self.start:
            self.start = message
            return
        elif kind == "websocket.http.response.body" and self.start:
            self.body += message.get("body", b"")
            if message.get("more_body"):
                return
            raw = self.start.get("headers", ())
            headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in raw]
            self.answer = Response(bytes(self.body), self.start["status"], headers)
        else:
            raise out_of_turn(kind)
        self.is_answered.set()


def out_of_turn(kind: str) -> RuntimeError:
    """Return the error of an app that breaks the order of ASGI."""
    return RuntimeError(f"a mounted app sent {kind!r} out of turn")
