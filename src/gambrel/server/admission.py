"""Admit or refuse the header block of a message: what the parser lets through and must not pass.

A connection keeps its last block; a request that repeats it byte for byte is admitted by one
comparison (`protocol.py`), and shares its `Headers`.
"""

from dataclasses import dataclass

from gambrel.core.http.headers import Headers
from gambrel.core.http.host import HostRules

__all__ = ["Admission", "admit"]

MAX_BLOCK = 32 * 1024
MAX_LINE = 16 * 1024
MAX_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Admission:
    """An admitted block: its headers, the length of the body, and whether to keep the line."""

    block: bytes
    headers: Headers
    length: int
    keep_alive: bool


def admit(block: bytes, hosts: HostRules) -> Admission | None:
    """Return the admission of a plain block of an HTTP/1.1 message that is all here.

    None sends the message to the full reader: transfer codings, upgrades, expectations,
    and everything that is to be refused, are its business.
    """
    if len(block) > MAX_BLOCK or block.count(b"\r\n") > MAX_FIELDS + 1:
        return None
    lower = block.lower()
    if (
        b"\r\ntransfer-encoding:" in lower
        or b"\r\nupgrade:" in lower
        or b"\r\nexpect:" in lower
        or lower.count(b"\r\nhost:") != 1
    ):
        return None
    headers = Headers.from_block(block, lower)
    host = headers.first("host") or ""
    if not hosts.allows(host) or (len(block) > MAX_LINE and longest_line(block) > MAX_LINE):
        return None
    length = headers.first("content-length")
    if length is not None and not (length.isascii() and length.isdecimal() and len(length) < 16):
        return None
    connection = headers.first("connection")
    keep_alive = connection is None or "close" not in connection.lower()
    return Admission(block, headers, int(length or 0), keep_alive)


def longest_line(block: bytes) -> int:
    """Return the length of the longest line in bytes."""
    return max(map(len, block.split(b"\r\n")))
