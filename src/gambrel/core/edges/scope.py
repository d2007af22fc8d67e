"""Read an ASGI scope strictly, as the native server reads a message head.

ASGI servers pass on much that must not reach an app: no Host or two of them, foreign methods,
control characters. What is refused here was never a request: no middleware hears of it.
"""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.headers import Headers
from gambrel.core.http.host import HostRules
from gambrel.core.http.types import ADMITTED, Scope
from gambrel.core.http.url import LENGTH_LIMIT, decode_path, parse_target

__all__ = ["ALLOWED", "Head", "Refusal", "read_head"]

ALLOWED = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

_METHODS = frozenset(
    "GET HEAD POST PUT PATCH DELETE OPTIONS QUERY ACL BIND CHECKOUT COPY LINK LOCK "  # noqa: SIM905
    "M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY PROPFIND PROPPATCH PURGE REBIND "
    "REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE".split()
)
_CONTROL = frozenset(map(chr, [*range(9), *range(10, 32), 127]))
_SAFE = "/!$&'()*+,;=:@"
_FIELDS, _FIELD_BYTES = 100, 32 * 1024


class Refusal(Exception):
    """A message that is answered with a bare `status` and nothing else."""

    def __init__(self, status: int, allow: str = "") -> None:
        self.status = status
        self.allow = allow


class Head(NamedTuple):
    """What a scope says. `root` is the part of the raw path that leads to the app.

    `length` is that of the body in bytes, None where only its end will tell.
    """

    method: str
    root: str
    path: str
    query: str
    headers: Headers
    length: int | None


def read_head(scope: Scope, hosts: HostRules) -> Head:
    """Return the head of a request. Raises Refusal for all that is not a plain one."""
    method = scope["method"]
    if method not in _METHODS:
        raise Refusal(405, ALLOWED) if method == "TRACE" else Refusal(501)
    headers = Headers.from_raw(scope["headers"])
    check_fields(headers.pairs())
    host = headers.first("host") or ""  # two of them are one value that is no host
    target = target_of(scope)
    if not hosts.allows(host, target) and ADMITTED not in (scope.get("extensions") or {}):
        hosts.tell(host)
        raise Refusal(400)
    if len(target) > LENGTH_LIMIT:
        raise Refusal(414)
    try:
        path, query = parse_target(target, method, host)
    except BadRequest:
        raise Refusal(400) from None
    if path == "*":  # a question to the server as a whole
        raise Refusal(204, ALLOWED)
    root, path = split_root(path, scope.get("root_path") or "")
    return Head(method, root, path, query, headers, body_length(scope, headers))


def check_fields(pairs: Sequence[tuple[str, str]]) -> None:
    """Refuse header fields that are too many, too large, or hold control characters."""
    text = "".join([part for pair in pairs for part in pair])
    if len(pairs) > _FIELDS or len(text) > _FIELD_BYTES:
        raise Refusal(431)
    if not (text.isprintable() or _CONTROL.isdisjoint(text)):
        raise Refusal(400)


def target_of(scope: Scope) -> str:
    """Return the request target as it was sent; rebuilt where the server does not give it."""
    raw = scope.get("raw_path")
    if raw is None and "\ufffd" in scope["path"]:  # what was not UTF-8 is lost
        raise Refusal(400)
    raw = quote(scope["path"], safe=_SAFE).encode() if raw is None else raw.partition(b"?")[0]
    query = scope.get("query_string")
    return str(b"%b?%b" % (raw, query) if query else raw, "latin-1")


def split_root(path: str, root: str) -> tuple[str, str]:
    """Return the raw path in two: what leads to the app (`root`, decoded), and what is left to it.

    A server may leave the root out of its paths altogether.
    """
    root = root.rstrip("/")
    end, furthest = 0, 3 * len(root.encode())  # escaped, every byte takes three
    while root and 0 <= end <= furthest:
        end = path.find("/", end + 1)
        before = path if end < 0 else path[:end]
        if decode_path(before) == root:
            return before, path[len(before) :] or "/"
    return "", path


def body_length(scope: Scope, headers: Headers) -> int | None:
    """Return the length of the body, None where only its end will tell (RFC 9112 §6.3)."""
    version = scope.get("http_version") or "1.1"
    if version not in {"1", "1.0", "1.1", "2", "3"}:  # granian's 1.0 is "1"
        raise Refusal(505)
    if (headers.first("expect") or "100-continue").lower() != "100-continue":
        raise Refusal(417)
    length, coding = headers.first("content-length"), headers.first("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked":
            raise Refusal(501)
        if length is not None or version in {"1", "1.0"}:
            raise Refusal(400)
        return None
    if length is None:
        return 0 if version < "2" else None
    if not (length.isascii() and length.isdigit()) or len(length) > 15:
        raise Refusal(400)
    return int(length)
