"""Reading a request body: counted as it arrives, decoded only by what its headers promise.

`Request` and binding call these. Every reader goes through a counter of real bytes: what
`Content-Length` says is never trusted. Nothing here knows a request or a route.
"""

import re
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import Any

import msgspec

from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.fields.media import MediaType

MAX_JSON_DEPTH = 64
MAX_JSON_NODES = 100_000

_SLICE = 65_536
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_ALIKE = bytes.maketrans(b"{}", b"[]")
# The closing quote is optional, or a cut-off string would be tried again from every quote in it.
_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_LATIN1 = frozenset({"iso-8859-1", "latin-1", "latin1"})


async def count_bytes(chunks: AsyncIterable[bytes], limit: int) -> AsyncIterator[bytes]:
    """Yield the chunks of a body of at most `limit` bytes. Raises ContentTooLarge beyond it."""
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > limit:
            raise _too_large(limit)
        yield chunk


async def collect_body(chunks: AsyncIterable[bytes], limit: int) -> bytes:
    """Return a whole body of at most `limit` bytes. Raises ContentTooLarge beyond it.

    Many tiny chunks cost no more memory than one large one.
    """
    body = bytearray()
    async for chunk in chunks:
        if len(body) + len(chunk) > limit:
            raise _too_large(limit)
        body += chunk
    return bytes(body)


def _too_large(limit: int) -> ContentTooLarge:
    return ContentTooLarge(f"The body is larger than {limit} bytes.", limit=limit)


# Content codings ------------------------------------------------------------------------------


async def decompress(
    chunks: AsyncIterable[bytes],
    encoding: str,
    *,
    allowed: tuple[str, ...] = (),
    limit: int,
    ratio: int = 100,
) -> AsyncIterator[bytes]:
    """Yield a body with its `Content-Encoding` removed; by default no coding is accepted.

    `allowed` may name `gzip`, the one coding that is understood. The result holds at most `limit`
    bytes, and never more than `ratio` times what has been received (a small start is exempt).

    Raises:
        UnsupportedMediaType: Any other coding, or more than one (RFC 9110 §15.5.16).
        ContentTooLarge: The limit or the ratio is passed.
        BadRequest: The compressed data is malformed or cut off.
    """
    coding = encoding.strip().lower()
    if coding in {"", "identity"}:
        async for chunk in count_bytes(chunks, limit):
            yield chunk
        return
    coding = "gzip" if coding == "x-gzip" else coding
    if coding != "gzip" or coding not in allowed:
        accepted = ", ".join(name for name in allowed if name == "gzip") or "identity"
        raise UnsupportedMediaType(
            "This Content-Encoding is not accepted here.", headers={"accept-encoding": accepted}
        )
    gunzip = _Gunzip(limit, ratio)
    async for chunk in chunks:
        for piece in gunzip.feed(chunk):
            yield piece
    gunzip.finish()


class _Gunzip:
    """Incremental gzip decoding of one or more members (RFC 1952 §2.2) within a budget."""

    def __init__(self, limit: int, ratio: int) -> None:
        self._limit = limit
        self._ratio = ratio
        self._received = 0
        self._produced = 0
        self._member: Any = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._received += len(chunk)
        while chunk:
            if self._member is None:
                self._member = zlib.decompressobj(wbits=31)
            try:
                piece = self._member.decompress(chunk, _SLICE)
            except zlib.error:
                raise BadRequest("The body is not valid gzip data.") from None
            chunk = self._member.unconsumed_tail
            if self._member.eof:
                chunk = self._member.unused_data
                self._member = None
            self._count(piece)
            if piece:
                yield piece

    def _count(self, piece: bytes) -> None:
        self._produced += len(piece)
        allowance = max(self._received * self._ratio, _SLICE)
        if self._produced > min(self._limit, allowance):
            raise _too_large(self._limit)

    def finish(self) -> None:
        if self._member is not None:
            raise BadRequest("The gzip data of the body ends too early.")


# Media types ----------------------------------------------------------------------------------


def decode_text(body: bytes, content_type: str = "") -> str:
    """Return a body as text in the charset that `content_type` names, UTF-8 where it names none.

    Raises UnsupportedMediaType for a charset other than UTF-8, ASCII and ISO-8859-1, and
    BadRequest for bytes that are not in it.
    """
    charset = _charset(content_type)
    if charset in _LATIN1:
        return body.decode("latin-1")
    if charset not in _UTF8:
        raise UnsupportedMediaType("Send text in UTF-8.", headers={"accept-charset": "utf-8"})
    try:
        return body.decode("ascii" if "ascii" in charset else "utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"The body is not valid {charset.upper()}.") from None


def decode_json(body: bytes, content_type: str = "") -> Any:
    """Return an untyped JSON body as Python values (RFC 8259).

    Raises UnsupportedMediaType for a charset other than UTF-8, BadRequest for malformed JSON and
    for nesting beyond 64 levels, ContentTooLarge for more than 100,000 values.
    """
    if _charset(content_type) not in _UTF8:
        raise UnsupportedMediaType("JSON is UTF-8 (RFC 8259 section 8.1).")
    check_json_shape(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("The body is not valid JSON.") from None


def decode_msgpack(body: bytes) -> Any:
    """Return an untyped MessagePack body as Python values. Raises BadRequest where malformed."""
    try:
        return msgspec.msgpack.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        raise BadRequest("The body is not valid MessagePack.") from None


def check_json_shape(
    body: bytes, max_depth: int = MAX_JSON_DEPTH, max_nodes: int = MAX_JSON_NODES
) -> None:
    """Refuse JSON that nests too deeply or holds too many values, before it is decoded.

    Costs two byte counts for an ordinary body; only a suspicious one is looked at closely.

    Raises BadRequest beyond `max_depth`, ContentTooLarge beyond `max_nodes`.
    """
    openers = body.count(b"[") + body.count(b"{")
    if openers <= max_depth and len(body) <= max_nodes:
        return
    if openers + body.count(b",") < max_nodes and not _nests_beyond(body, max_depth):
        return
    bare = _JSON_STRING.sub(b'""', body)
    if _nests_beyond(bare, max_depth):
        raise BadRequest(f"The JSON body nests deeper than {max_depth} levels or is malformed.")
    if bare.count(b"[") + bare.count(b"{") + bare.count(b",") >= max_nodes:
        raise ContentTooLarge(f"The JSON body holds more than {max_nodes} values.")


def _nests_beyond(body: bytes, depth: int) -> bool:
    """Tell whether brackets nest deeper, by peeling off one level at a time at C speed."""
    rest = body.translate(_ALIKE, _NOT_BRACKETS)
    for _ in range(depth):
        peeled = rest.replace(b"[]", b"")
        if len(peeled) == len(rest):
            return bool(rest)
        rest = peeled
    return bool(rest)


def _charset(content_type: str) -> str:
    if "charset" not in content_type.lower():
        return "utf-8"
    return MediaType.parse(content_type).charset or "utf-8"
