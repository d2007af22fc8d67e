"""WebSockets of the test clients: `client.websocket("/chat")`, through the app's ASGI door.

`Line` is one socket on the app's loop; `Socket` and `AsyncSocket` are what tests hold.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import httpx2
import msgspec

import gambrel
from gambrel.core.http.types import Message
from gambrel.testing.conversation import Options
from gambrel.testing.running import call

__all__ = ["AsyncSocket", "Socket", "WebSocketRefused"]

T = TypeVar("T")
_END: Message = {"type": "end"}


class WebSocketRefused(Exception):
    """A handshake was answered with a response in place of a socket: `error.response`."""

    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(f"{response.status_code} {response.reason_phrase}: {response.text}")
        self.response = response


class Line:
    """One socket: an app in a task, and the messages both ways."""

    def __init__(
        self,
        options: Options,
        request: httpx2.Request,
        subprotocols: Sequence[str],
        timeout: float | None,
    ) -> None:
        self.options = options
        self.request = request
        self.subprotocols = list(subprotocols)
        self.timeout = timeout
        self.subprotocol: str | None = None
        self.headers = httpx2.Headers()
        self.closed: gambrel.WebSocketClosed | None = None
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.sent: asyncio.Queue[Message] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Send the handshake. Raises WebSocketRefused."""
        scope = self.options.scope(self.request)
        del scope["method"]
        scope["type"] = "websocket"
        scope["scheme"] = scope["scheme"].replace("http", "ws")
        scope["subprotocols"] = self.subprotocols
        scope["extensions"] = {"websocket.http.response": {}}
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(self.run(scope))
        self.options.open.add(self.task)
        self.task.add_done_callback(self.options.open.discard)
        answer = await self.next()
        if answer["type"] != "websocket.accept":
            raise WebSocketRefused(await self.refusal(answer))
        self.subprotocol = answer.get("subprotocol")
        self.headers = httpx2.Headers(list(answer.get("headers", ())))

    async def run(self, scope: Any) -> None:
        """Call the app."""
        try:
            await self.options.app(scope, self.incoming.get, self.sent.put)
        finally:
            self.sent.put_nowait(_END)

    async def next(self) -> Message:
        """Return what the app sends next. Raises ReadTimeout, or what the app raises."""
        try:
            async with asyncio.timeout(self.timeout):
                message = await self.sent.get()
        except TimeoutError:
            what = f"{self.request.url.path}: no message came for {self.timeout} s"
            raise httpx2.ReadTimeout(what, request=self.request) from None
        if message is _END:
            assert self.task is not None
            await self.task
            self.closed = self.closed or gambrel.WebSocketClosed()
            raise self.closed
        return message

    async def refusal(self, start: Message) -> httpx2.Response:
        """Return the response in place of the socket; of a bare closing, a 403."""
        if start["type"] == "websocket.close":
            return httpx2.Response(403, request=self.request)
        body = await self.next()
        return httpx2.Response(
            start["status"],
            headers=list(start.get("headers", ())),
            content=body.get("body", b""),
            request=self.request,
        )

    async def send(self, message: Any) -> None:
        """Send text, bytes, or any other value as JSON in text. Raises WebSocketClosed."""
        if self.closed is not None:
            raise self.closed
        if not isinstance(message, str | bytes):
            message = msgspec.json.encode(message).decode()
        kind = "text" if isinstance(message, str) else "bytes"
        self.incoming.put_nowait({"type": "websocket.receive", kind: message})
        await asyncio.sleep(0)

    async def receive(self, kind: Any = None) -> Any:
        """Return the next message, as a `kind` where one is given. Raises WebSocketClosed."""
        if self.closed is not None:
            raise self.closed
        message = await self.next()
        if message["type"] == "websocket.close":
            self.closed = gambrel.WebSocketClosed(
                message.get("code", 1000), message.get("reason") or ""
            )
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": self.closed.code})
            raise self.closed
        data: str | bytes = message["bytes"] if message.get("text") is None else message["text"]
        return data if kind is None else msgspec.json.decode(data, type=kind)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Leave, and return when the app is done with the socket."""
        if self.closed is None:
            self.closed = gambrel.WebSocketClosed(code, reason)
            gone = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self.incoming.put_nowait(gone)
        if self.task is not None:
            await asyncio.wait([self.task], timeout=self.timeout)


class Told:
    """What a test may ask of an open socket."""

    def __init__(self, line: Line) -> None:
        self.line = line

    @property
    def subprotocol(self) -> str | None:
        """The sub-protocol that the app has accepted."""
        return self.line.subprotocol

    @property
    def headers(self) -> httpx2.Headers:
        """The header fields of the answer to the handshake."""
        return self.line.headers

    @property
    def closed(self) -> "gambrel.WebSocketClosed | None":
        """How the socket was closed; None while it is open."""
        return self.line.closed


class Socket(Told):
    """A WebSocket of `Client`; entering it opens it, leaving it closes it."""

    def __init__(self, line: Line, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        super().__init__(line)
        self._loop = loop

    def _call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return call(self._loop(), work)

    def __enter__(self) -> Self:
        self._call(self.line.open)
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def send(self, message: Any) -> None:
        """Send text, bytes, or any other value as JSON. Raises WebSocketClosed."""
        self._call(partial(self.line.send, message))

    def receive(self, kind: Any = None) -> Any:
        """Return the next message; with `kind`, the value of that type in its JSON.

        Raises WebSocketClosed with the code and reason of the app, and ReadTimeout.
        """
        return self._call(partial(self.line.receive, kind))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Leave, and return when the handler is done."""
        self._call(partial(self.line.close, code, reason))


class AsyncSocket(Told):
    """A WebSocket of `AsyncClient`; entering it opens it, leaving it closes it."""

    async def __aenter__(self) -> Self:
        await self.line.open()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    def send(self, message: Any) -> Awaitable[None]:
        """Send text, bytes, or any other value as JSON. Raises WebSocketClosed."""
        return self.line.send(message)

    def receive(self, kind: Any = None) -> Awaitable[Any]:
        """Return the next message; with `kind`, the value of that type in its JSON.

        Raises WebSocketClosed with the code and reason of the app, and ReadTimeout.
        """
        return self.line.receive(kind)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Leave, and return when the handler is done."""
        await self.line.close(code, reason)
