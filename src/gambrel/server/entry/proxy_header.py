"""The PROXY protocol, versions 1 and 2: what a balancer says of the client before its first byte.

`receive_header` takes exactly the header off a socket, so that TLS or HTTP may follow. Who may send
one is not known here.
"""

import asyncio
import socket
import struct
from typing import NamedTuple

__all__ = ["LOCAL", "UNKNOWN", "MalformedHeader", "Origin", "receive_header"]

Address = tuple[str, int]

_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_LONGEST_LINE = 107
_LONGEST_BLOCK = 4096
"""Bytes behind the first sixteen; addresses take 216 at most, the rest are notes."""
_FAMILIES = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}
_NO_ADDRESSES = {0x00, 0x31}
"""Unspecified, and the proxy's own Unix sockets."""


class MalformedHeader(Exception):
    """What came first is no header of the PROXY protocol."""


class Origin(NamedTuple):
    """Where a connection comes from and where it went to; None is what the socket says."""

    client: Address | None
    server: Address | None


LOCAL = Origin(None, None)
"""The proxy speaks for itself: it looks whether we are well."""
UNKNOWN = Origin(("0.0.0.0", 0), None)  # noqa: S104 - an address that nobody has
"""A client that the proxy does not name. It is not the proxy, whose word would be believed."""


async def receive_header(client: socket.socket) -> Origin:
    """Take the header off a connection that has just been accepted.

    Raises:
        MalformedHeader: There is none.
    """
    start = await exactly(client, len(_SIGNATURE))
    if start == _SIGNATURE:
        command, family, size = struct.unpack("!BBH", await exactly(client, 4))
        if size > _LONGEST_BLOCK:
            raise MalformedHeader("it is too long")
        return parse_block(command, family, await exactly(client, size))
    if not start.startswith(b"PROXY "):
        raise MalformedHeader("there is none")
    return parse_line(await line_of(client, start))


async def exactly(client: socket.socket, size: int) -> bytes:
    """Receive so many bytes. Raises MalformedHeader where the client leaves before."""
    loop, received = asyncio.get_running_loop(), b""
    while len(received) < size:
        piece = await loop.sock_recv(client, size - len(received))
        if not piece:
            raise MalformedHeader("it is cut off")
        received += piece
    return received


async def line_of(client: socket.socket, start: bytes) -> bytes:
    """Receive the rest of a line, and nothing behind it."""
    line = start
    while not line.endswith(b"\n"):
        if len(line) >= _LONGEST_LINE:
            raise MalformedHeader("its line is too long")
        try:
            ahead = client.recv(_LONGEST_LINE - len(line), socket.MSG_PEEK)
        except BlockingIOError:
            ahead = b""
        line += await exactly(client, ahead.find(b"\n") + 1 or len(ahead) or 1)
    return line


def parse_line(line: bytes) -> Origin:
    """Return what a header of version 1 says. Raises MalformedHeader."""
    if line[-2:] != b"\r\n" or not line.isascii():
        raise MalformedHeader("its line does not end as it should")
    parts = line[:-2].decode().split(" ")
    if parts[:2] == ["PROXY", "UNKNOWN"]:
        return UNKNOWN
    families = {"TCP4": socket.AF_INET, "TCP6": socket.AF_INET6}
    if len(parts) != 6 or parts[0] != "PROXY" or parts[1] not in families:
        raise MalformedHeader("its line has other parts")
    family = families[parts[1]]
    hosts = [host_of(family, text) for text in parts[2:4]]
    ports = [port_of(text) for text in parts[4:]]
    return Origin((hosts[0], ports[0]), (hosts[1], ports[1]))


def host_of(family: int, text: str) -> str:
    """Return an address in its usual spelling. Raises MalformedHeader."""
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except (OSError, ValueError):
        raise MalformedHeader("an address is none") from None


def port_of(text: str) -> int:
    """Return a port. Raises MalformedHeader."""
    if not text.isdecimal() or len(text) > 5 or (text[0] == "0" and text != "0"):
        raise MalformedHeader("a port is none")
    port = int(text)
    if port > 65_535:
        raise MalformedHeader("a port is none")
    return port


def parse_block(command: int, family: int, block: bytes) -> Origin:
    """Return what a header of version 2 says; notes behind the addresses are read over.

    Raises:
        MalformedHeader: It is of another version, or not of a stream.
    """
    if command == 0x20:
        return LOCAL
    if command != 0x21:
        raise MalformedHeader("its version or command is not known")
    if family in _NO_ADDRESSES:
        return UNKNOWN
    if family not in _FAMILIES:
        raise MalformedHeader("it is not of a stream")
    kind, size = _FAMILIES[family]
    if len(block) < 2 * size + 4:
        raise MalformedHeader("it is too short for its addresses")
    hosts = [socket.inet_ntop(kind, block[at : at + size]) for at in (0, size)]
    ports = struct.unpack_from("!HH", block, 2 * size)
    return Origin((hosts[0], ports[0]), (hosts[1], ports[1]))
