"""The content of an answer: decoded piece by piece, and never more of it than is allowed."""

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

import httpx2
import msgspec

from gambrel.client.faults import AnswerTooLarge

__all__ = ["CODINGS", "Bounded", "coding_of", "value_of"]

T = TypeVar("T")

CODINGS = "gzip, deflate"
"""What is asked for, and decoded here: who decodes later would do so without a bound."""
_GZIP = frozenset({"gzip", "x-gzip"})
_PIECE = 64 * 1024
_WINDOW = 4_096  # what zlib is given at once: it copies the rest of that at every end of a member
_MEMBERS, _MEMBER_SIZE = 16, 512  # so many may be of any size, the rest are that large on average


def coding_of(headers: httpx2.Headers) -> str:
    """Return how the content of an answer is coded, `""` where it is not (RFC 9110 §8.4)."""
    named = (name.strip() for name in headers.get("content-encoding", "").lower().split(","))
    return ", ".join(name for name in named if name not in {"", "identity"})


class Bounded(httpx2.AsyncByteStream):
    """A stream of at most `most` decoded bytes. Reading on raises AnswerTooLarge.

    Another coding than one of ours raises httpx2.DecodingError: nobody has asked for it.
    """

    def __init__(self, stream: httpx2.AsyncByteStream, coding: str, most: int) -> None:
        self._stream = stream
        self._coding = coding
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        decoder = Decoder(self._coding) if self._coding else None
        size = 0
        async for piece in self._stream:
            for decoded in (piece,) if decoder is None else decoder.decode(piece):
                size += len(decoded)
                if size > self._most:
                    raise AnswerTooLarge(f"the answer has more than {self._most:,} bytes")
                yield decoded
        if decoder is not None:
            decoder.finish()

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._stream.aclose()


class Decoder:
    """Undoes one coding, a little at a time. All its methods raise httpx2.DecodingError.

    Content in gzip is one or more members (RFC 1952 §2.2). That in deflate should have the frame of
    zlib (RFC 9110 §8.4.1.2), and comes without it from some servers.
    """

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._member: Any = None
        self._members = 0
        self._received = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield what a piece becomes."""
        self._received += len(data)
        for start in range(0, len(data), _WINDOW):
            yield from self._decompress(data[start : start + _WINDOW])

    def finish(self) -> None:
        """Say that all has arrived."""
        if self._member is not None:
            raise httpx2.DecodingError("the answer ends too early")

    def _decompress(self, data: bytes) -> Iterator[bytes]:
        decoded = b""
        while data or len(decoded) == _PIECE:  # zlib may hold back what did not fit
            if self._member is None:
                self._member = self._begin(data)
            try:
                decoded = self._member.decompress(data, _PIECE)
            except zlib.error as error:
                raise httpx2.DecodingError(str(error)) from error
            data = self._member.unconsumed_tail
            if decoded:
                yield decoded
            if self._member.eof:
                data, decoded = self._member.unused_data, b""
                self._member = None

    def _begin(self, data: bytes) -> Any:
        self._members += 1
        if self._coding in _GZIP:
            if self._members > _MEMBERS + self._received // _MEMBER_SIZE:
                raise httpx2.DecodingError("the answer has too many members for its size")
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        if self._coding != "deflate":
            what = f"the answer is coded as {self._coding!r}, not as one of {CODINGS}"
            raise httpx2.DecodingError(what)
        if self._members > 1:
            raise httpx2.DecodingError("the answer goes on behind its end")
        is_framed = data[0] & 0x0F == zlib.DEFLATED  # RFC 1950 §2.2; no raw stream begins so
        return zlib.decompressobj(zlib.MAX_WBITS if is_framed else -zlib.MAX_WBITS)


def value_of(response: httpx2.Response, into: type[T]) -> T:
    """Return the JSON of an answer as a value of a type.

    Raises:
        httpx2.HTTPStatusError: It has a status of 400 and up.
        httpx2.DecodingError: It is not of that type.
    """
    response.raise_for_status()
    try:
        return msgspec.json.decode(response.content, type=into)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        what = f"{response.url.host} did not answer with {into!r}: {error}"
        raise httpx2.DecodingError(what, request=response.request) from error
