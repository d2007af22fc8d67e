"""Read the head of a message that did not take the short way, strictly, into a `Head`.

httptools parses it. What httptools lets through and must not pass is refused here, and told by
`Refusal`: the message was never a request, so no middleware and no handler ever hears of it.
Everything is judged in the order of the bytes, so that no split of a stream changes an answer.
"""

from typing import NamedTuple

import httptools

from gambrel.core.http.headers import Headers
from gambrel.server.admission import HostGate
from gambrel.server.limits import Limits

__all__ = ["ALLOWED", "UNUSUAL", "Head", "Refusal", "find_head", "read_head"]

ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_VISIBLE = frozenset(range(0x21, 0x7F))
_ODD = frozenset('\\"<>`')  # no client sends these unescaped in a path

# Bytes that no request line has that is worth the short way: `protocol.py` strips them to see.
UNUSUAL = bytes(set(range(256)) - _VISIBLE - {0x20} | set(b'#\\"<>`'))
_KEY_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")


class Refusal(Exception):
    """A message that is refused with a bare `status`; the connection closes after it.

    `why` is empty where that was told already; `fields` are further header fields of the answer.
    """

    def __init__(self, status: int, why: str, *fields: tuple[str, str]) -> None:
        super().__init__(why)
        self.status = status
        self.fields = fields


class Head:
    """What the head of a message says. `length` is None for a chunked body."""

    __slots__ = (
        "expects_continue",
        "headers",
        "keep_alive",
        "length",
        "method",
        "path",
        "query",
        "upgrade",
        "version",
    )

    def __init__(self, line: "RequestLine", headers: Headers) -> None:
        self.method = line.method
        self.path = line.path
        self.query = line.query
        self.version = line.version
        self.headers = headers
        self.length: int | None = 0
        self.keep_alive = True
        self.expects_continue = False
        self.upgrade = ""


class RequestLine(NamedTuple):
    """The parts of a request line; the target is split."""

    method: str
    path: str
    query: str
    authority: str | None
    version: str


def find_head(buffer: bytearray, limits: Limits, scanned: int = 0) -> int:
    """Return where the head in `buffer` ends, with its blank line; 0 where it is not complete.

    `scanned` bytes were looked at before and held no blank line.

    Raises:
        Refusal: What is there can no longer become a request, however it goes on.
    """
    if buffer and buffer[0] not in _TOKEN:
        raise Refusal(400, "a message starts with a method")
    end = buffer.find(b"\r\n\r\n", max(0, scanned - 3)) + 4
    if end > 3:
        return end
    check_limits(bytes(buffer), limits, scanned)
    return 0


def check_limits(seen: bytes, limits: Limits, scanned: int = 0) -> RequestLine | None:
    """Refuse a head, complete or not, whose lines are too long, too many or not ended by CRLF.

    Returns the request line where it is complete. The earlier fault in the stream comes first.
    """
    bare = find_bare_newline(seen, scanned)
    if bare >= 0:
        seen = seen[:bare]
    line_end = seen.find(b"\r\n", 0, limits.request_line + 2)
    if line_end < 0 and len(seen) > limits.request_line + 1:
        raise Refusal(414, "the request line is too long")
    line = None
    if line_end >= 0:
        line = split_line(seen[:line_end])
        if len(seen) > limits.header_line or seen.count(b"\n") > limits.header_fields:
            check_block(seen[line_end + 2 :], limits)
    if bare >= 0:
        raise Refusal(400, "a line ends without a carriage return")
    return line


def find_bare_newline(seen: bytes, scanned: int = 0) -> int:
    """Return where the first line feed without a carriage return is, -1 where there is none."""
    start = max(0, scanned - 1)
    if seen.count(b"\n", start) == seen.count(b"\r\n", start):
        return -1
    at = seen.find(b"\n", start)
    while at > 0 and seen[at - 1] == 0x0D:
        at = seen.find(b"\n", at + 1)
    return at


def check_block(block: bytes, limits: Limits) -> None:
    """Refuse header lines, complete or not, that are too many or too large."""
    if len(block) > limits.header_block + 2:
        raise Refusal(431, "the headers are too large")
    if block.count(b"\r\n") > limits.header_fields + 1:
        raise Refusal(431, "there are too many headers")
    if max(map(len, block.split(b"\r\n"))) > limits.header_line:
        raise Refusal(431, "a header line is too long")


def split_line(line: bytes) -> RequestLine:
    """Return the parts of a request line (RFC 9112 §3).

    Raises:
        Refusal: It has other than three parts, or one of them is not for us.
    """
    parts = line.split(b" ")
    if len(parts) != 3 or not _TOKEN.issuperset(parts[0]) or not parts[0]:
        raise Refusal(400, "the request line is not method, target, version")
    method, target, version = parts[0].decode(), parts[1], parts[2]
    if version not in {b"HTTP/1.1", b"HTTP/1.0"}:
        named = version[:5] == b"HTTP/" and version[5:].replace(b".", b"", 1).isdigit()
        raise Refusal(505 if named else 400, "the version is not HTTP/1.1 or HTTP/1.0")
    if method == "TRACE":
        raise Refusal(405, "TRACE would reflect credentials", ("allow", ALLOWED))
    if method == "CONNECT":
        raise Refusal(501, "this is not a proxy")
    if not target or not _VISIBLE.issuperset(target) or b"#" in target:
        raise Refusal(400, "the target is not a path")
    path, query, authority = split_target(method, target.decode())
    if not _ODD.isdisjoint(path):
        raise Refusal(400, "the target is not a path")
    return RequestLine(method, path, query, authority, version[5:].decode())


def split_target(method: str, target: str) -> tuple[str, str, str | None]:
    """Return path, query and authority of a target (RFC 9112 §3.2)."""
    if target[0] == "/" or (target == "*" and method == "OPTIONS"):
        path, _, query = target.partition("?")
        return path, query, None
    scheme, separator, rest = target.partition("://")
    if not separator or scheme.lower() not in {"http", "https"}:
        raise Refusal(400, "the target is not a path")
    before, mark, query = rest.partition("?")
    authority, slash, path = before.partition("/")
    del mark
    return slash + path or "/", query, authority


_FRAMING = frozenset(
    {b"connection", b"content-length", b"expect", b"host", b"transfer-encoding", b"upgrade"}
)


class _Fields:
    """Collects what httptools finds, and apart from it what the server itself goes by."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.framing: dict[bytes, list[bytes]] = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        value = value.strip(b" \t")
        self.pairs.append((name, value))
        name = name.lower()
        if name in _FRAMING:
            self.framing.setdefault(name, []).append(value)


def read_head(raw: bytes, gate: HostGate, limits: Limits) -> Head:
    """Return a complete head that `find_head` has found.

    Raises:
        Refusal: It is not one, or asks for what is not done here.
    """
    line = check_limits(raw, limits)
    assert line is not None  # a complete head has a line
    fields = _Fields()
    try:
        httptools.HttpRequestParser(fields).feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # the head is complete and well formed
    except httptools.HttpParserInvalidMethodError:
        raise Refusal(501, f"the method {line.method} is not known") from None
    except httptools.HttpParserError as error:
        raise Refusal(400, str(error)) from None
    framing = fields.framing
    check_host(framing.pop(b"host", []), line, gate)
    head = Head(line, Headers.from_raw(fields.pairs))
    if line.version == "1.0":
        head.keep_alive = False
    if framing:
        read_framing(head, framing)
    return head


def read_framing(head: Head, framing: dict[bytes, list[bytes]]) -> None:
    """Set what is said of the body and of the connection."""
    is_recent = head.version == "1.1"
    options = {
        token.strip(b" \t").lower()
        for value in framing.get(b"connection", ())
        for token in value.split(b",")
    }
    head.keep_alive = b"close" not in options and (is_recent or b"keep-alive" in options)
    head.length = body_length(framing, is_recent)
    head.expects_continue = is_recent and expects_continue(framing.get(b"expect", []))
    if b"upgrade" in options:
        head.upgrade = b",".join(framing.get(b"upgrade", ())).decode("latin-1").lower()
        if head.method == "GET" and is_recent and head.upgrade == "websocket":
            expect_handshake(head)


def expect_handshake(head: Head) -> None:
    """Make a request of its own method of the handshake of a WebSocket (RFC 6455 §4.2.1)."""
    versions = head.headers.get_all("sec-websocket-version")
    if versions != ["13"]:
        fields = (("upgrade", "websocket"), ("sec-websocket-version", "13"))
        raise Refusal(426, "the version of WebSockets here is 13", *fields)
    keys = head.headers.get_all("sec-websocket-key")
    is_key = len(keys) == 1 and len(keys[0]) == 24 and keys[0].endswith("==")
    if not is_key or not _KEY_CHARACTERS.issuperset(keys[0][:22]):
        raise Refusal(400, "a handshake has one Sec-WebSocket-Key, 16 bytes in base64")
    if head.length != 0:
        raise Refusal(400, "a handshake has no body")
    head.method = "WEBSOCKET"


def check_host(hosts: list[bytes], line: RequestLine, gate: HostGate) -> None:
    """Refuse all but exactly one Host, one of ours, that an absolute target agrees with."""
    if len(hosts) != 1:
        raise Refusal(400, "there is not exactly one Host")
    host = hosts[0].decode("latin-1")
    if not gate.allows(hosts[0]) and not gate.rules.allows(host, line.path):
        gate.rules.tell(host)
        raise Refusal(400, "")
    if line.authority is not None and line.authority.lower().encode() != hosts[0].lower():
        raise Refusal(400, "the target names another host than Host does")


def body_length(framing: dict[bytes, list[bytes]], is_recent: bool) -> int | None:
    """Return the length of the body in bytes, None for chunked (RFC 9112 §6.3)."""
    codings = framing.get(b"transfer-encoding")
    if codings:
        if not is_recent:
            raise Refusal(400, "HTTP/1.0 has no Transfer-Encoding")
        if len(codings) != 1 or codings[0].lower() != b"chunked":
            raise Refusal(501, "the only transfer coding here is chunked")
        return None
    lengths = framing.get(b"content-length")
    return int(lengths[0]) if lengths else 0


def expects_continue(expectations: list[bytes]) -> bool:
    """Say whether the client waits for a 100 before it sends the body (RFC 9110 §10.1.1)."""
    if not expectations:
        return False
    if [value.lower() for value in expectations] != [b"100-continue"]:
        raise Refusal(417, "the only expectation met here is 100-continue")
    return True
