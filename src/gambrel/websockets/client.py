"""`connect`: a WebSocket to another server, for handlers, tasks and programs.

    async with connect("wss://feed.example/prices", type=Price) as feed:
        await feed.send({"subscribe": "nails"})
        async for price in feed:
            ...

Limits, messages and closing are those of the sockets that we serve; see `Limits`.
"""

from collections.abc import AsyncIterator, Generator, Iterable, Mapping
from ssl import SSLContext
from typing import Any, Generic, Self, TypeVar, overload

from gambrel.core.http.errors import HTTPError, Unprocessable
from gambrel.core.http.headers import Headers
from gambrel.core.http.url import URL
from gambrel.websockets.closing import WebSocketClosed
from gambrel.websockets.codec import Decode, decoder, encode
from gambrel.websockets.dialling import Dial, dial, parse_address
from gambrel.websockets.failures import ConnectionClosed, UnexpectedMessage
from gambrel.websockets.limits import Limits
from gambrel.websockets.reconnecting import reconnecting
from gambrel.websockets.session import Session

__all__ = ["ClientWebSocket", "Connecting", "connect"]

T = TypeVar("T")


class ClientWebSocket(Generic[T]):
    """An open WebSocket to another server, as `connect` returns it.

    `headers` are those of the answer to the handshake, `url` what has given it. One task at a time
    may receive; any may send.
    """

    __slots__ = ("__weakref__", "_decode", "headers", "session", "url")

    def __init__(
        self, session: Session, url: URL, headers: Headers, decode: Decode | None = None
    ) -> None:
        self.session = session
        self.url = url
        self.headers = headers
        self._decode = decode

    @property
    def subprotocol(self) -> str | None:
        """The sub-protocol that the server has chosen of those offered."""
        return self.session.subprotocol

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the socket was closed; None while it is not."""
        found = self.session.closed
        return None if found is None else ConnectionClosed(found.code, found.reason)

    async def receive(self) -> T:
        """Return the next message.

        Raises:
            ConnectionClosed: There is none any more.
            UnexpectedMessage: It is not of the type; the socket stays open.
        """
        try:
            message = await self.session.receive()
        except WebSocketClosed as found:
            raise ConnectionClosed(found.code, found.reason) from None
        return self.value_of(message)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        return self.value_of(await self.session.receive(in_loop=True))

    def value_of(self, message: str | bytes) -> T:
        """Return a message as a value of the type. Raises UnexpectedMessage."""
        value: Any = message
        if self._decode is not None:
            try:
                value = self._decode(message)
            except HTTPError as error:
                fault = error.faults[0] if isinstance(error, Unprocessable) else None
                told = f"{fault.path}: {fault.message}" if fault else error.detail
                raise UnexpectedMessage(f"{self.url.host} sent what is unknown: {told}") from error
        return value  # type: ignore[no-any-return]  # is T

    async def send(self, message: Any) -> None:
        """Send text, bytes, or any other value as JSON in text; wait while the server is slow.

        Raises:
            ConnectionClosed: The socket is closed.
            TypeError: JSON cannot express the value.
        """
        data = encode(message)
        try:
            await self.session.send(data)
        except WebSocketClosed as found:
            raise ConnectionClosed(found.code, found.reason) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close; return when the server has confirmed it, or did not in time.

        `code` is 1000 to 1014 (RFC 6455 §7.4.1) or your own, 3000 to 4999. `reason` is cut to 123
        bytes. Raises ValueError for a code that may not be sent.
        """
        await self.session.close(code, reason)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, *_failure: object) -> None:
        wire: Any = self.session.wire
        if kind is None:
            await self.close()
        elif wire is not None:  # who has failed or was cancelled has no time to wait
            wire.hang_up()

    def __repr__(self) -> str:
        return f"<ClientWebSocket {self.url} {'closed' if self.session.closed else 'open'}>"


class Connecting(Generic[T]):
    """A WebSocket that opens where this is awaited, or entered by `async with`, which closes it.

    By `async for` it is one socket after the other, opened again when it was closed.
    """

    def __init__(self, url: str, decode: Decode | None, given: Dial) -> None:
        self.url = parse_address(url)
        self._decode = decode
        self._given = given
        self._socket: ClientWebSocket[T] | None = None

    async def open(self) -> ClientWebSocket[T]:
        """Return the socket, open. Raises HandshakeFailed."""
        session, response, url = await dial(self.url, self._given)
        headers = Headers(response.headers.items())
        return ClientWebSocket(session, url, headers, self._decode)

    def __await__(self) -> Generator[Any, None, ClientWebSocket[T]]:
        return self.open().__await__()

    def __aiter__(self) -> AsyncIterator[ClientWebSocket[T]]:
        return reconnecting(self.open)

    async def __aenter__(self) -> ClientWebSocket[T]:
        self._socket = await self.open()
        return self._socket

    async def __aexit__(self, *failure: object) -> None:
        assert self._socket is not None
        await self._socket.__aexit__(*failure)


@overload
def connect(
    url: str,
    *,
    type: type[T],
    headers: Mapping[str, str] | None = None,
    subprotocols: Iterable[str] = (),
    ssl_context: SSLContext | None = None,
    open_timeout: float = 10.0,
    limits: Limits | None = None,
) -> Connecting[T]: ...
@overload
def connect(
    url: str,
    *,
    type: Any = ...,
    headers: Mapping[str, str] | None = None,
    subprotocols: Iterable[str] = (),
    ssl_context: SSLContext | None = None,
    open_timeout: float = 10.0,
    limits: Limits | None = None,
) -> Connecting[Any]: ...
def connect(
    url: str,
    *,
    type: Any = Any,  # noqa: A002 - reads as connect(url, type=Price)
    headers: Mapping[str, str] | None = None,
    subprotocols: Iterable[str] = (),
    ssl_context: SSLContext | None = None,
    open_timeout: float = 10.0,
    limits: Limits | None = None,
) -> Connecting[Any]:
    """Open a WebSocket: `async with connect(url) as ws:`, or `ws = await connect(url)`.

    `async for ws in connect(url):` opens another whenever one was closed, after a wait that grows,
    differs from client to client, and is as long as the server asks. It ends with a socket that
    either side has closed with 1000, and raises where to try again would not help.

    `type` is what messages are decoded to; without it they are text or bytes as they come.
    `headers` go with the handshake: credentials, an origin. `subprotocols` are offered, the best
    first. Certificates are verified, by `ssl_context` where it is given. `open_timeout` is in
    seconds, for all of the opening; `limits` are those of one socket. Redirects within the server
    are followed, no others; proxies of the environment are not used.

    Raises:
        HandshakeFailed: It cannot be opened; raised where it is awaited or entered.
        ValueError: The URL is none of a WebSocket, or a header may not be sent.
        GambrelError: `type` cannot be decoded.
    """
    given = Dial(
        headers=headers or {},
        subprotocols=tuple(subprotocols),
        ssl_context=ssl_context,
        open_timeout=open_timeout,
        limits=limits or Limits(),
    )
    given.fields()
    return Connecting(url, decoder(type), given)
