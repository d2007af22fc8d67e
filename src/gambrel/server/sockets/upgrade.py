"""From a request to a WebSocket: answers the handshake and hands the connection to picows."""

import socket
from typing import Any

from picows import WSUpgradeRequest, WSUpgradeResponse, WSUpgradeResponseWithListener

from gambrel.frames.deflate import negotiate
from gambrel.frames.protocol import server_protocol
from gambrel.server.sockets.socket import DeflatedSocket, Session, Socket
from gambrel.server.wire import FRAMING

__all__ = ["take_over"]


def take_over(line: Any, session: Session, headers: Any, pairs: list[tuple[str, str]]) -> None:
    """Answer a handshake of these `headers` with `pairs`, and take the connection."""
    transport = line.transport
    rest: bytes = line.detach()
    terms = negotiate(headers.get_all("sec-websocket-extensions")) if session.compress else None
    listener = Socket(line, session) if terms is None else DeflatedSocket(line, session, terms)
    fields = [pair for pair in pairs if pair[0] not in FRAMING]
    if session.subprotocol is not None:
        fields.append(("sec-websocket-protocol", session.subprotocol))
    if terms is not None:
        fields.append(("sec-websocket-extensions", terms.field))

    def listen(_request: WSUpgradeRequest) -> WSUpgradeResponseWithListener:
        answer = WSUpgradeResponse.create_101_response(fields)
        return WSUpgradeResponseWithListener(answer, listener)

    protocol = server_protocol(listen, session.limits.max_message)
    line.socket = session.task
    if session.task is not None and not session.task.done():
        line.state.watch(session.task)
    transport.pause_reading()  # what is read from here on goes the other protocol's way
    transport.set_protocol(protocol)
    is_path = transport.get_extra_info("socket").family == getattr(socket, "AF_UNIX", None)
    protocol.connection_made(PathTransport(transport) if is_path else transport)
    handshake = (
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {headers['sec-websocket-key']}\r\n\r\n"
    )
    feed(protocol, handshake.encode())
    transport.resume_reading()
    feed(protocol, rest)


def feed(protocol: Any, data: bytes) -> None:
    """Give bytes to a buffered protocol."""
    while data:
        buffer = protocol.get_buffer(-1)
        piece, data = data[: len(buffer)], data[len(buffer) :]
        buffer[: len(piece)] = piece
        protocol.buffer_updated(len(piece))


class PathTransport:
    """A transport on a Unix socket, without the options of TCP that picows sets."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport says; of the socket, something that takes any option."""
        found = self._transport.get_extra_info(name, default)
        return PathSocket(found) if name == "socket" else found


class PathSocket:
    """A Unix socket to somebody who takes it for one of TCP."""

    def __init__(self, found: Any) -> None:
        self.fileno = found.fileno

    def setsockopt(self, *_option: int) -> None:
        """Set nothing."""

    def getsockopt(self, *_option: int) -> int:
        """Tell nothing."""
        return 0
