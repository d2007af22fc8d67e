"""Admit a plain message by its headers, or leave it to the reader to look at closely.

A connection keeps its last admission: a request that ends its head with the same bytes is admitted
by one comparison (`protocol.py`) and shares its `Headers`.
"""

from gambrel.core.http.headers import Headers
from gambrel.core.http.host import HostRules
from gambrel.server.limits import Limits

__all__ = ["VERSION_SIZE", "Admission", "HostGate", "admit"]

_VERSION = b" HTTP/1.1\r\n"
VERSION_SIZE = len(_VERSION) - 2


class Admission:
    """Admitted headers: `tail` is the head from the version on, `size` the bytes of the body."""

    __slots__ = ("headers", "keep_alive", "size", "tail")

    def __init__(self, tail: bytes, headers: Headers, size: int, keep_alive: bool) -> None:
        self.tail = tail
        self.headers = headers
        self.size = size
        self.keep_alive = keep_alive


class HostGate:
    """`HostRules` for bytes, remembering the hosts of the app (there are few of those)."""

    __slots__ = ("_known", "rules")

    def __init__(self, rules: HostRules) -> None:
        self.rules = rules
        self._known: set[bytes] = set()

    def allows(self, host: bytes) -> bool:
        """Say whether the value of a `Host` field is well formed and one of ours."""
        if host in self._known:
            return True
        if not self.rules.allows(host.decode("latin-1")):
            return False
        if len(self._known) < 256:  # a wildcard allows without end
            self._known.add(host)
        return True


def admit(message: bytes, gate: HostGate, limits: Limits) -> Admission | None:
    """Return the admission of a plain, complete message.

    None sends the message to the reader: other versions, transfer codings, upgrades, expectations,
    and everything that is to be refused are its business.
    """
    version = message.find(b"\r\n") - VERSION_SIZE
    end = message.find(b"\r\n\r\n") + 4
    tail = message[version:end]
    if version < 0 or not tail.startswith(_VERSION):
        return None
    block = tail[VERSION_SIZE:-2]
    lower = block.lower()
    size = len(block)
    if size > limits.header_line or size > limits.header_block:
        return None
    fields = limits.header_fields
    if size > 4 * fields and block.count(b"\n") > fields + 1:
        return None
    find = lower.find  # `in` costs 0.25 µs more: bytes try to read its operand as a number first
    if find(b"\r\ntransfer-encoding:") >= 0:
        return None
    if find(b"\r\nexpect:") >= 0 or find(b"\r\nupgrade:") >= 0:
        return None
    host = value_of(b"\r\nhost:", block, lower)
    if host is None or not gate.allows(host):
        return None
    body = body_size(block, lower)
    if body != len(message) - end:
        return None
    return Admission(tail, Headers.from_block(block, lower), body, not asks_to_close(lower))


def body_size(block: bytes, lower: bytes) -> int:
    """Return the bytes of the body, or -1 where the reader has to find them out or refuse them."""
    length = value_of(b"\r\ncontent-length:", block, lower)
    if length is None:
        return 0 if lower.find(b"\r\ncontent-length:") < 0 else -1
    return int(length) if length.isdigit() and len(length) < 16 else -1


def asks_to_close(lower: bytes) -> bool:
    """Say whether a `Connection` field mentions `close`."""
    at = lower.find(b"\r\nconnection:")
    while at >= 0:
        end = lower.find(b"\r\n", at + 2)
        if lower.find(b"close", at, end) >= 0:
            return True
        at = lower.find(b"\r\nconnection:", end)
    return False


def value_of(key: bytes, block: bytes, lower: bytes) -> bytes | None:
    """Return the value of a field that stands there exactly once, else None."""
    at = lower.find(key)
    if at < 0:
        return None
    start = at + len(key)
    end = lower.find(b"\r\n", start)
    return None if lower.find(key, end) >= 0 else block[start:end].strip(b" \t")
