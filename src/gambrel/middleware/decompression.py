"""Decompression: read request bodies that clients send with gzip, guarded against bombs.

Without this, a body with a `Content-Encoding` is answered with 415.
"""

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterator
from copy import copy
from typing import Any

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.headers import Headers
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["Decompressor", "gunzip"]

_GZIP = frozenset({"gzip", "x-gzip"})
_SLICE = 65_536
_WINDOW = 4_096  # what zlib is given at once: it copies the rest of that at every end of a member
_MEMBERS, _MEMBER_SIZE = 16, 512  # so many may be of any size, the rest are that large on average
# They tell of the body as it was sent.
_CODED = frozenset({"content-encoding", "content-length"})


class Decompressor(Struct, frozen=True, kw_only=True):
    """Unpack request bodies in gzip; refuse every other coding by 415.

    What comes out may have the size a body may have on its route, and `ratio` times the size of
    what came in; beyond that is 413. `extra={"decompress": False}` leaves the bodies of a route
    as they are sent.
    """

    ratio: int = 100

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Go on with the body unpacked. Raises UnsupportedMediaType."""
        coding = (request.headers.first("content-encoding") or "").lower()
        if coding in {"", "identity"} or not is_wanted(request):
            return await call_next(request)
        if coding not in _GZIP:
            raise UnsupportedMediaType(
                "Send the body in gzip, or in no Content-Encoding.",
                headers={"accept-encoding": "gzip"},
            )
        sent = copy(request).stream()  # the copy is read as it came, and counted
        told = Headers(pair for pair in request.headers.pairs() if pair[0] not in _CODED)
        request.recode(gunzip(sent, request.max_body, self.ratio), told)
        return await call_next(request)


def is_wanted(request: Request) -> bool:
    """Say whether the bodies of the route are to be unpacked."""
    options = getattr(request.route, "options", None)
    return options is None or options.extra.get("decompress", True) is not False


async def gunzip(
    chunks: AsyncIterable[bytes], limit: int, ratio: int = 100
) -> AsyncIterator[bytes]:
    """Yield what is packed in gzip, of one or more members (RFC 1952 §2.2).

    It holds at most `limit` bytes, and never more than `ratio` times what has been received (a
    small start is exempt).

    Raises:
        ContentTooLarge: The limit or the ratio is passed.
        BadRequest: The data is malformed or cut off, or in very many members.
    """
    unpacker = Gunzip(limit, ratio)
    async for chunk in chunks:
        for piece in unpacker.feed(chunk):
            yield piece
    unpacker.finish()


class Gunzip:
    """Incremental gzip decoding within a budget."""

    def __init__(self, limit: int, ratio: int) -> None:
        self._limit = limit
        self._ratio = ratio
        self._received = 0
        self._produced = 0
        self._members = 0
        self._member: Any = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unpacks to, in small pieces."""
        self._received += len(chunk)
        for start in range(0, len(chunk), _WINDOW):
            yield from self._unpack(chunk[start : start + _WINDOW])

    def _unpack(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._member is None:
                self._member = zlib.decompressobj(wbits=31)
                self._members += 1
                if self._members > _MEMBERS + self._received // _MEMBER_SIZE:
                    raise BadRequest("The body has too many members of gzip for its size.")
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
            detail = f"The body is larger than {self._limit} bytes, or packed too tightly."
            raise ContentTooLarge(detail, limit=self._limit)

    def finish(self) -> None:
        """Say that all has arrived. Raises BadRequest where something is missing."""
        if self._member is not None:
            raise BadRequest("The gzip data of the body ends too early.")
