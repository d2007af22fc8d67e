"""`WebSocket`: what a handler is given; and `broadcast`, to many of them at once."""

from collections.abc import AsyncIterable, Coroutine, Iterable, Mapping
from typing import Any, Generic, Literal, Self, TypeVar

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.headers import Headers, ResponseHeaders
from gambrel.core.http.query import QueryParams
from gambrel.core.http.request import Request, State
from gambrel.websockets.closing import POLICY, WebSocketClosed
from gambrel.websockets.codec import Decode, encode
from gambrel.websockets.session import Session

__all__ = ["WebSocket", "broadcast", "current"]

T = TypeVar("T")


class WebSocket(Generic[T]):
    """One open WebSocket, or one that is about to open.

    `WebSocket[Order]` decodes each message into an `Order`; `[str]` and `[bytes]` take only these,
    a bare `WebSocket` either. The handshake is accepted by `accept`, or by the first use. Until
    then an error, or a response that is returned, answers it in place of the socket.

    `request` is the handshake. One task at a time may receive; any may send.
    """

    __slots__ = ("__weakref__", "_decode", "answer_headers", "request", "session")

    def __init__(self, request: Request, session: Session, decode: Decode | None = None) -> None:
        self.request = request
        self.session = session
        self._decode = decode
        self.answer_headers = ResponseHeaders()

    # The handshake ------------------------------------------------------------------------------

    @property
    def headers(self) -> Headers:
        """The header fields of the handshake."""
        return self.request.headers

    @property
    def query(self) -> QueryParams:
        """The query parameters of the handshake."""
        return self.request.query

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies of the handshake."""
        return self.request.cookies

    @property
    def state(self) -> State:
        """Free storage that lives as long as the socket."""
        return self.request.state

    @property
    def subprotocols(self) -> tuple[str, ...]:
        """The sub-protocols that the client offers, the one it likes best first."""
        offered = ",".join(self.headers.get_all("sec-websocket-protocol")).split(",")
        return tuple(name.strip() for name in offered if name.strip())

    @property
    def subprotocol(self) -> str | None:
        """The sub-protocol that was accepted."""
        return self.session.subprotocol

    async def accept(
        self,
        subprotocol: str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        compress: bool | None = None,
    ) -> None:
        """Open the socket, with one of the sub-protocols offered and further response headers.

        `compress` says in place of `WebSockets(compress=)` whether messages are compressed
        (RFC 7692), where the client offers it and the server is our own.

        Raises:
            ValueError: The client did not offer that sub-protocol.
            RuntimeError: The socket is open already.
            WebSocketClosed: The client has gone.
        """
        session = self.session
        if session.wire is not None or session.accepted.done():
            raise RuntimeError("the WebSocket is open already; accept it before its first use")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"{subprotocol!r} is none of the sub-protocols the client offers")
        session.subprotocol = subprotocol
        if compress is not None:
            session.compress = compress
        for name, value in (headers or {}).items():
            self.answer_headers.add(name, value)
        await session.accept()

    # Messages -----------------------------------------------------------------------------------

    async def receive(self) -> T:
        """Return the next message.

        Raises:
            WebSocketClosed: There is none any more.
            HTTPError: It is not of the type (422 with all faults), no JSON (400), or text where
                bytes are wanted (415). The socket stays open; uncaught, it closes: 1007, 1008 or
                1003.
        """
        message: Any = await self.session.receive()
        return message if self._decode is None else self._decode(message)  # type: ignore[no-any-return]  # is T

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Coroutine[Any, Any, T]:
        # A coroutine around another would cost each message a tenth of its time.
        found: Any = self.session.receive(in_loop=True) if self._decode is None else self._decoded()
        return found  # type: ignore[no-any-return]  # is T

    async def _decoded(self) -> Any:
        assert self._decode is not None
        return self._decode(await self.session.receive(in_loop=True))

    def send(self, message: Any) -> Coroutine[Any, Any, None]:
        """Send text, bytes, or any other value as JSON in text; wait while the client is slow.

        Raises:
            WebSocketClosed: The socket is closed.
            TypeError: JSON cannot express the value.
        """
        return self.session.send(message if message.__class__ is str else encode(message))

    async def send_each(self, source: AsyncIterable[Any]) -> None:
        """Send each item of a source as `send` does, until it ends or the socket closes.

        Returns at once where the client goes or the server stops, whatever the source waits for,
        and closes the source, if it is a generator. What the client says meanwhile is for another
        task to receive.

        Raises:
            TypeError: JSON cannot express an item.
        """
        session, items = self.session, aiter(source)
        try:
            await session.ready()
            async with session.while_open():
                async for item in items:
                    await self.send(item)
        except WebSocketClosed:
            if session.is_open:  # it is that of another socket
                raise
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                await close()

    # The end ------------------------------------------------------------------------------------

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close; return when the client has confirmed it, or did not in time.

        `code` is 1000 to 1014 (RFC 6455 §7.4.1) or your own, 3000 to 4999. `reason` is cut to 123
        bytes. Raises ValueError for a code that may not be sent.
        """
        await self.session.close(code, reason)

    @property
    def closed(self) -> WebSocketClosed | None:
        """How the socket was closed; None while it is not."""
        return self.session.closed

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open" if self.session.wire else "opening"
        return f"<WebSocket {self.request.path} {state}>"


def broadcast(
    sockets: Iterable[WebSocket[Any]], message: Any, *, slow: Literal["close", "skip"] = "close"
) -> int:
    """Send a message to many sockets, encoded once; return how many took it.

    Nobody waits for anybody: a client that has left `WebSockets(send_limit=)` bytes unread is
    closed with 1008, or passed over where `slow` is `"skip"`, as those that are not open are.
    """
    data, sent = encode(message), 0
    for socket in tuple(sockets):
        session = socket.session
        wire = session.wire
        if wire is None or not session.is_open:
            continue
        if not wire.is_writable and wire.unsent > session.limits.send_limit:
            if slow == "close":
                session.begin_close(POLICY, "too slow")
            continue
        wire.send(data)
        sent += 1
    return sent


async def current(request: Request) -> WebSocket[Any]:
    """Return the socket of a request. Raises GambrelError where it is no handshake."""
    if WebSocket not in request.state:
        what = f"{request.method} {request.path} is no WebSocket, and its handler asks for one"
        hint = f"declare it with `@app.websocket({request.path!r})`"
        raise GambrelError("websockets.handler", what, "", hint)
    return request.state[WebSocket]
