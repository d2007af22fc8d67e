"""Compressed WebSocket messages (RFC 7692, permessage-deflate), where they are asked for.

Each message is compressed by itself, in both directions, so that a connection at rest holds no
state of zlib (70 kB, with that) and a broadcast is compressed once. The price: little is saved on
messages of less than some hundred bytes.
"""

import asyncio
import zlib
from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import ClassVar, NamedTuple

from picows import WSFrame, WSMsgType, WSTransport

from gambrel.frames.listener import Frames

__all__ = ["OFFER", "Deflated", "Terms", "agreed", "deflate", "inflate", "negotiate"]

_TEXT, _BINARY, _MORE = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_LEAST = 128
"""Bytes of the smallest message that is compressed."""
# Measured on JSON: 3 µs for a small message where 15 bits and level 8 take 49, and as good.
_BITS, _MEMORY, _LEVEL = 12, 5, 3
_TAIL = b"\0\0\xff\xff"
_SIZES = frozenset(map(str, range(8, 16)))
OFFER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
"""What a client of ours offers, and our server answers."""


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
    bits = given.get("server_max_window_bits")
    if bits is None:
        return Terms(OFFER, _BITS)
    if bits == "8":  # zlib has no raw stream of that
        return None
    return Terms(f"{OFFER}; server_max_window_bits={bits}", min(int(bits), _BITS))


def agreed(answers: Iterable[str]) -> Terms | None:
    """Return the terms on which a server has taken `OFFER`; None where it has not.

    Raises ValueError for an answer that is none to it.
    """
    found = [offer for offer in parse_offers(answers) if offer[0]]
    if not found:
        return None
    name, parameters = found[0]
    given = dict(parameters)
    if (
        len(found) > 1
        or name != "permessage-deflate"
        or "server_no_context_takeover" not in given
        or "client_max_window_bits" in given  # which must have been offered
        or terms_of(parameters) is None
    ):
        raise ValueError(f"{', '.join(answers)!r} is no answer to {OFFER!r}")
    return Terms(OFFER, _BITS)


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


class Deflated(Frames):
    """Frames of messages that may be compressed, either way; to be put before another `Frames`.

    That has the slots for what `agree` sets.
    """

    __slots__ = ()

    bits: int
    deflated: WSMsgType | None
    last: ClassVar[tuple[str | bytes, int, bytes | None] | None] = None

    def agree(self, terms: Terms) -> None:
        """Take the terms of the handshake."""
        self.bits = terms.bits
        self.deflated = None

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
            self.deflated, self.is_partial, self.count = kind, True, 0
        self.pieces += frame.get_payload_as_memoryview()
        if self.is_bounded() and frame.fin:
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
        last = Deflated.last
        if last is not None and last[0] is data and last[1] == self.bits:
            return last[2]
        raw = data.encode() if isinstance(data, str) else data
        pressed = deflate(raw, self.bits)
        found = pressed if len(pressed) < len(raw) else None
        if last is None:
            asyncio.get_running_loop().call_soon(forget)
        Deflated.last = data, self.bits, found
        return found


def forget() -> None:
    """Let the last message go."""
    Deflated.last = None
