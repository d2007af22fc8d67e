"""Compressed WebSocket messages (RFC 7692, permessage-deflate), where an app has asked for it.

Each message is compressed by itself, in both directions, so that a connection at rest holds no
state of zlib (70 kB, with that) and a broadcast is compressed once. The price: little is saved on
messages of less than some hundred bytes.
"""

import zlib
from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Any, ClassVar, NamedTuple

from picows import WSFrame, WSMsgType, WSTransport

from gambrel.server.sockets.socket import Session, Socket

__all__ = ["DeflatedSocket", "Terms", "deflate", "inflate", "negotiate"]

_TEXT, _BINARY, _MORE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_LEAST = 128
"""Bytes of the smallest message that is compressed."""
# Measured on JSON: 3 µs for a small message where 15 bits and level 8 take 49, and as good.
_BITS, _MEMORY, _LEVEL = 12, 5, 3
_TAIL = b"\0\0\xff\xff"
_SIZES = frozenset(map(str, range(8, 16)))


class Terms(NamedTuple):
    """What client and server have agreed on: the header field, and the bits of our window."""

    field: str
    bits: int


def negotiate(offers: Iterable[str]) -> Terms | None:
    """Return the terms of the first offer that can be met (§5.1, §7.1), None where there is none.

    `offers` are the values of `Sec-WebSocket-Extensions`.
    """
    for name, parameters in parse_offers(offers):
        if name == "permessage-deflate" and (terms := terms_of(parameters)) is not None:
            return terms
    return None


def parse_offers(offers: Iterable[str]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Yield the extensions that are offered, with their parameters (RFC 6455 §9.1)."""
    for offer in ",".join(offers).split(","):
        name, *rest = (part.strip() for part in offer.split(";"))
        pairs = (part.partition("=") for part in rest)
        yield (
            name,
            [(key.strip(), value.strip(' "') if sign else None) for key, sign, value in pairs],
        )


def terms_of(parameters: list[tuple[str, str | None]]) -> Terms | None:
    """Return the answer to one offer; None for parameters that are unknown, twice, or wrong."""
    given = dict(parameters)
    if len(given) < len(parameters) or not all(starmap(is_parameter, parameters)):
        return None
    field = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    bits = given.get("server_max_window_bits")
    if bits is None:
        return Terms(field, _BITS)
    if bits == "8":  # zlib has no raw stream of that
        return None
    return Terms(f"{field}; server_max_window_bits={bits}", min(int(bits), _BITS))


def is_parameter(name: str, value: str | None) -> bool:
    """Whether an offer may have a parameter (§7.1)."""
    if name == "server_max_window_bits":
        return value in _SIZES
    if name == "client_max_window_bits":
        return value is None or value in _SIZES
    return name in {"server_no_context_takeover", "client_no_context_takeover"} and value is None


def deflate(data: bytes, bits: int = _BITS) -> bytes:
    """Return a message as it goes over the wire (§7.2.1)."""
    pressed = zlib.compressobj(_LEVEL, zlib.DEFLATED, -bits, _MEMORY)
    return (pressed.compress(data) + pressed.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


def inflate(data: bytes | bytearray, limit: int) -> bytes | None:
    """Return a message of at most `limit` bytes, None for a larger one; it grows no further.

    Raises zlib.error for what is no stream of deflate.
    """
    data += _TAIL  # of a bytearray in place; it is not used any more
    found = zlib.decompressobj(-15).decompress(data, limit + 1)
    return None if len(found) > limit else found


class DeflatedSocket(Socket):
    """A socket whose messages may be compressed, either way."""

    __slots__ = ("bits", "deflated")

    last: ClassVar[tuple[str | bytes, int, bytes | None] | None] = None

    def __init__(self, line: Any, session: Session, terms: Terms) -> None:
        super().__init__(line, session)
        self.bits = terms.bits
        self.deflated: WSMsgType | None = None

    def take_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; the first of a compressed message has a bit for that (§6)."""
        kind = frame.msg_type
        is_first = frame.rsv1 and kind in {_TEXT, _BINARY} and not self.is_partial
        is_next = self.deflated is not None and kind is _MORE and not frame.rsv1
        if self.is_closing or frame.rsv2 or frame.rsv3 or not (is_first or is_next):
            super().take_frame(transport, frame)
            return
        self.quiet = 0.0
        self.is_pinged = False
        if is_first:
            self.deflated, self.is_partial = kind, True
        self.pieces += frame.get_payload_as_memoryview()
        if len(self.pieces) > self.limits.max_message:
            self.fail(1009, "the message is too large")
        elif frame.fin:
            self.take_deflated()

    def take_deflated(self) -> None:
        """Take a compressed message that is whole."""
        kind, data = self.deflated, self.pieces
        self.deflated, self.is_partial, self.pieces = None, False, bytearray()
        try:
            found = inflate(data, self.limits.max_message)
            if found is None:
                self.fail(1009, "the message is too large")
            else:
                self.session.take(found.decode() if kind is _TEXT else found)
        except zlib.error:
            self.fail(1002, "the message is not compressed as agreed")
        except UnicodeDecodeError:
            self.fail(1007, "the text is not UTF-8")

    def send(self, data: str | bytes) -> None:
        """Send a message, compressed if that makes it smaller."""
        kind = _TEXT if data.__class__ is str else _BINARY
        packed = self.packed(data) if len(data) >= _LEAST else None
        if packed is None:
            self.write(kind, data)
        else:
            self.write(kind, packed, True, True)

    def packed(self, data: str | bytes) -> bytes | None:
        """Return a message compressed, None where that is no gain.

        What one turn of the loop sends to many is compressed once.
        """
        last = DeflatedSocket.last
        if last is not None and last[0] is data and last[1] == self.bits:
            return last[2]
        raw = data.encode() if isinstance(data, str) else data
        pressed = deflate(raw, self.bits)
        found = pressed if len(pressed) < len(raw) else None
        if last is None:
            self.state.loop.call_soon(forget)
        DeflatedSocket.last = data, self.bits, found
        return found


def forget() -> None:
    """Let the last message go."""
    DeflatedSocket.last = None
