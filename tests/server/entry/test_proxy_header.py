import asyncio
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.server.entry.proxy_header import (
    LOCAL,
    UNKNOWN,
    MalformedHeader,
    Origin,
    receive_header,
)
from tests.server.live import PATIENCE, run

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FOUR = Origin(("203.0.113.9", 4711), ("192.0.2.1", 443))
SIX = Origin(("2001:db8::9", 4711), ("2001:db8::1", 443))
NOTES = b"\x04\0\x03abc"


def block(command: int, family: int, data: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(data)) + data


def addresses(origin: Origin) -> bytes:
    kind = socket.AF_INET6 if ":" in origin.client[0] else socket.AF_INET
    hosts = b"".join(socket.inet_pton(kind, name) for name, _ in origin)
    return hosts + struct.pack("!HH", *(port for _, port in origin))


def received(*pieces: bytes, ends: bool = True) -> tuple[Origin, bytes]:
    """Return what is read from pieces, and what is left on the socket behind the header."""

    async def main() -> tuple[Origin, bytes]:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            task = asyncio.ensure_future(receive_header(ours))
            for piece in pieces:
                theirs.sendall(piece)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            if ends:
                theirs.shutdown(socket.SHUT_WR)
            origin = await asyncio.wait_for(task, PATIENCE)
            ours.setblocking(True)
            return origin, ours.recv(1 << 16)

    return run(main())


GOOD = {
    "tcp4": (FOUR, b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\r\n"),
    "tcp6": (SIX, b"PROXY TCP6 2001:db8::9 2001:db8::1 4711 443\r\n"),
    "tcp6 in another spelling": (SIX, b"PROXY TCP6 2001:DB8:0:0::9 2001:db8::1 4711 443\r\n"),
    "unknown": (UNKNOWN, b"PROXY UNKNOWN\r\n"),
    "unknown with more": (UNKNOWN, b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"),
    "the longest": (
        UNKNOWN,
        b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535".ljust(105, b"x") + b"\r\n",
    ),
    "2 tcp4": (FOUR, block(0x21, 0x11, addresses(FOUR))),
    "2 tcp4 with notes": (FOUR, block(0x21, 0x11, addresses(FOUR) + NOTES)),
    "2 tcp6": (SIX, block(0x21, 0x21, addresses(SIX))),
    "2 local": (LOCAL, block(0x20, 0x00, b"")),
    "2 local with addresses": (LOCAL, block(0x20, 0x11, addresses(FOUR))),
    "2 unspecified": (UNKNOWN, block(0x21, 0x00, b"")),
    "2 a socket of its own": (UNKNOWN, block(0x21, 0x31, bytes(216))),
}
BAD = {
    "nothing": b"",
    "a request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00",
    "lower case": b"proxy tcp4 203.0.113.9 192.0.2.1 4711 443\r\n",
    "line feed only": b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443\n",
    "two spaces": b"PROXY  TCP4 203.0.113.9 192.0.2.1 4711 443\r\n",
    "space at the end": b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 443 \r\n",
    "tabs": b"PROXY TCP4\t203.0.113.9\t192.0.2.1\t4711\t443\r\n",
    "a name": b"PROXY TCP4 localhost 192.0.2.1 4711 443\r\n",
    "short address": b"PROXY TCP4 203.9 192.0.2.1 4711 443\r\n",
    "leading zero": b"PROXY TCP4 203.0.113.09 192.0.2.1 4711 443\r\n",
    "six for four": b"PROXY TCP4 2001:db8::9 2001:db8::1 4711 443\r\n",
    "four for six": b"PROXY TCP6 203.0.113.9 192.0.2.1 4711 443\r\n",
    "a zone": b"PROXY TCP6 fe80::1%eth0 2001:db8::1 4711 443\r\n",
    "a large port": b"PROXY TCP4 203.0.113.9 192.0.2.1 65536 443\r\n",
    "a signed port": b"PROXY TCP4 203.0.113.9 192.0.2.1 +1 443\r\n",
    "an empty port": b"PROXY TCP4 203.0.113.9 192.0.2.1 4711 \r\n",
    "a port of zeros": b"PROXY TCP4 203.0.113.9 192.0.2.1 00 443\r\n",
    "no ports": b"PROXY TCP4 203.0.113.9 192.0.2.1\r\n",
    "udp": b"PROXY UDP4 203.0.113.9 192.0.2.1 4711 443\r\n",
    "high bytes": b"PROXY TCP4 203.0.113.9\xff 192.0.2.1 4711 443\r\n",
    "too long": b"PROXY UNKNOWN " + b"x" * 200 + b"\r\n",
    "cut off": b"PROXY TCP4 203.0.113.9",
    "2 version 1": block(0x11, 0x11, addresses(FOUR)),
    "2 another command": block(0x22, 0x11, addresses(FOUR)),
    "2 udp": block(0x21, 0x12, addresses(FOUR)),
    "2 an unknown family": block(0x21, 0x41, bytes(40)),
    "2 too short": block(0x21, 0x21, addresses(FOUR)),
    "2 nothing in it": block(0x21, 0x11, b""),
    "2 too long": block(0x21, 0x11, bytes(5_000)),
    "2 cut off": block(0x21, 0x11, addresses(FOUR))[:-1],
    "2 cut off in its length": SIGNATURE + b"\x21\x11",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_header_is_read_and_nothing_behind_it(name):
    origin, header = GOOD[name]

    assert received(header + b"GET / HTTP/1.1\r\n") == (origin, b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize("name", GOOD)
def test_a_header_that_comes_byte_by_byte_is_the_same(name):
    origin, header = GOOD[name]
    stream = header + b"\r\nGET"

    pieces = [stream[at : at + 1] for at in range(len(stream))]

    assert received(*pieces) == (origin, b"\r\nGET")


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_header_is_refused(name):
    with pytest.raises(MalformedHeader):
        received(BAD[name])


@given(st.sampled_from(sorted(GOOD)), st.integers(0, 200), st.binary(max_size=3))
def test_any_other_bytes_are_a_header_or_refused_and_nothing_else(name, at, piece):
    header = GOOD[name][1]
    stream = header[:at] + piece + header[at + len(piece) :]

    try:
        origin, _ = received(stream + b"GET / HTTP/1.1\r\n")
    except MalformedHeader:
        return
    assert isinstance(origin, Origin)
