"""A handshake from the side of the client (RFC 6455 §4.1), and the connection that it opens."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any

from msgspec import Struct
from picows import WSError, WSTransport

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.headers import ResponseHeaders
from gambrel.core.http.host import Host
from gambrel.core.http.url import URL
from gambrel.frames.deflate import OFFER, Deflated, Terms, agreed
from gambrel.frames.listener import Frames
from gambrel.frames.protocol import client_protocol
from gambrel.websockets.closing import GOING_AWAY
from gambrel.websockets.failures import HandshakeFailed
from gambrel.websockets.limits import Limits
from gambrel.websockets.session import Session

__all__ = ["DeflatedDialled", "Dial", "Dialled", "dial", "parse_address"]

PORTS = {"ws": 80, "wss": 443}
MOVED = frozenset({301, 302, 303, 307, 308})
REDIRECTS = 3
"""Redirects that are followed within one server."""
OURS = frozenset(
    {
        "connection", "content-length", "host", "sec-websocket-extensions", "sec-websocket-key",
        "sec-websocket-protocol", "sec-websocket-version", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
"""Header fields of a handshake that are not for others to set."""
TICK = 1.0
"""Seconds between two looks at a connection."""


class Dial(Struct, frozen=True, kw_only=True):
    """What is asked for, and how: see `connect`."""

    headers: Mapping[str, str] = {}
    subprotocols: tuple[str, ...] = ()
    ssl_context: ssl.SSLContext | None = None
    open_timeout: float = 10.0
    limits: Limits = Limits()

    def fields(self) -> list[tuple[str, str]]:
        """Return the header fields of the request. Raises ValueError for what may not be sent."""
        fields = ResponseHeaders(self.headers)
        if taken := sorted(OURS.intersection(fields)):
            raise ValueError(f"{taken[0]!r} is set by the handshake itself")
        fields.setdefault("user-agent", "gambrel")
        if self.subprotocols:
            fields.add("sec-websocket-protocol", ", ".join(self.subprotocols))
        if self.limits.compress:
            fields.add("sec-websocket-extensions", OFFER)
        return fields.pairs()


class Dialled(Frames):
    """The frames of one connection that we have opened, and its clock."""

    __slots__ = ("ending", "loop", "timer")

    failed = "the client has failed"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.loop = session.loop
        self.timer: asyncio.TimerHandle | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is answered."""
        super().on_ws_connected(transport)
        self.turn()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is closed."""
        super().on_ws_disconnected(transport)
        if self.timer is not None:
            self.timer.cancel()
        self.ending = self.loop.create_task(hear_out(transport))

    def turn(self) -> None:
        """Let time pass."""
        if self.timer is not None:
            self.tick(TICK)
        self.timer = self.loop.call_later(TICK, self.turn)

    def hang_up(self) -> None:
        """Close without waiting for the other side."""
        self.close(GOING_AWAY, "")
        self.transport.disconnect()


class DeflatedDialled(Deflated, Dialled):
    """The same, whose messages may be compressed."""

    __slots__ = ("bits", "deflated")

    def __init__(self, session: Session, terms: Terms) -> None:
        super().__init__(session)
        self.agree(terms)


async def hear_out(transport: WSTransport) -> None:
    """Take the error of a connection that picows has closed; what happened is in its code."""
    with suppress(Exception):
        await transport.wait_disconnected()


def parse_address(text: str) -> URL:
    """Return the URL of a WebSocket. Raises ValueError for any other."""
    try:
        url = URL.parse(text)
    except BadRequest as error:
        raise ValueError(f"{text!r} is no URL: {error.detail}") from None
    if url.scheme not in PORTS or url.fragment:
        raise ValueError(f"{text!r} is no URL of a WebSocket; write wss://host/path, or ws://")
    return url.replace(port=url.port or PORTS[url.scheme])


async def dial(url: URL, given: Dial) -> tuple[Session, Any, URL]:
    """Open a WebSocket; return its session, the response, and the URL that has answered.

    Redirects are followed within the server. Raises HandshakeFailed.
    """
    for _ in range(REDIRECTS + 1):
        try:
            async with asyncio.timeout(given.open_timeout):
                return *await attempt(url, given), url
        except TimeoutError as error:
            what = f"{url.host} has not answered within {given.open_timeout:g} s"
            raise HandshakeFailed(what) from error
        except (OSError, ssl.CertificateError) as error:
            raise HandshakeFailed(f"{url.host} cannot be reached: {error}") from error
        except HandshakeFailed as failure:
            if failure.status not in MOVED:
                raise
            url = moved(url, failure)
    raise HandshakeFailed(f"{url.host} redirects again and again")


async def attempt(url: URL, given: Dial) -> tuple[Session, Any]:
    """Ask once. Raises HandshakeFailed, OSError, TimeoutError."""
    session = Session(given.limits)
    assert url.port is not None
    is_usual = url.port == PORTS[url.scheme]
    host = str(Host(url.host, None if is_usual else url.port))
    target = f"{url.path}?{url.query}" if url.query else url.path
    answers: list[Any] = []

    def listen(_request: Any, response: Any) -> Dialled:
        answers.append(response)
        terms = accepted(session, response.headers, given)
        return Dialled(session) if terms is None else DeflatedDialled(session, terms)

    fields = given.fields()
    context = (given.ssl_context or usual_context()) if url.scheme == "wss" else None
    transport, protocol = await session.loop.create_connection(
        lambda: client_protocol(host, target, listen, given.limits.max_message, fields),
        url.host.strip("[]"),
        url.port,
        ssl=context,
    )
    try:
        await protocol.wait_until_handshake_complete()
        if not answers:
            raise HandshakeFailed(f"{url.host} has closed the connection without an answer")
    except WSError as error:
        transport.abort()
        raise refused(url, error) from error
    except BaseException:
        transport.abort()
        raise
    return session, answers[0]


@cache
def usual_context() -> ssl.SSLContext:
    """Return a context that verifies certificates; to read those of the system takes long."""
    return ssl.create_default_context()


def accepted(session: Session, headers: Any, given: Dial) -> Terms | None:
    """Note what the server has chosen of what was offered. Raises HandshakeFailed."""
    chosen = headers.getall("sec-websocket-protocol", [])
    if chosen and (len(chosen) > 1 or chosen[0] not in given.subprotocols):
        what = f"the server speaks {chosen}, and was offered {list(given.subprotocols)}"
        raise HandshakeFailed(what, 101)
    session.subprotocol = chosen[0] if chosen else None
    try:
        terms = agreed(headers.getall("sec-websocket-extensions", []))
    except ValueError as error:
        raise HandshakeFailed(str(error), 101) from None
    if terms is not None and not given.limits.compress:
        raise HandshakeFailed("the server compresses, which was not offered", 101)
    return terms


def refused(url: URL, error: Any) -> HandshakeFailed:
    """Return the error of an answer that opens no WebSocket."""
    response = getattr(error, "response", None)
    if response is None:
        return HandshakeFailed(f"{url.host} answers with no handshake: {error}")
    status = int(response.status)
    what = f"{url.host} answered {status}" if status != 101 else f"{url.host}: {error}"
    headers = [(name.lower(), value) for name, value in response.headers.items()]
    return HandshakeFailed(what, status, headers, bytes(error.raw_body or b""))


def moved(url: URL, failure: HandshakeFailed) -> URL:
    """Return where a redirect leads, on the same server. Raises the failure for any other.

    Headers, and so credentials, would go along: to a stranger, or over a wire that is not ciphered.
    """
    target = dict(failure.headers).get("location")
    if not target:
        raise failure
    try:
        there = URL.parse(target)
        if not there.host:
            return url.replace(path=there.path or "/", query=there.query)
        scheme = {"http": "ws", "https": "wss"}.get(there.scheme, there.scheme)
        there = parse_address(str(there.replace(scheme=scheme, fragment="")))
    except (BadRequest, ValueError):
        raise failure from None
    is_ciphered = there.scheme == "wss"
    is_port = there.port == url.port or (is_ciphered and there.port == PORTS["wss"])
    if there.host != url.host or not is_port or (url.scheme == "wss" and not is_ciphered):
        failure.args = (f"{url.host} redirects to {there.origin}, which is another server",)
        raise failure
    return there
