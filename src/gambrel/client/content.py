"""The content of an answer: decoded piece by piece, and never more of it than is allowed."""

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import TypeVar

import httpx2
import msgspec

from gambrel.client.faults import AnswerTooLarge

__all__ = ["CODINGS", "Bounded", "coding_of", "value_of"]

T = TypeVar("T")

CODINGS = "gzip, deflate"
"""What is asked for, and decoded here: who decodes later would do so without a bound."""
_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_PIECE = 64 * 1024


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
        decode = decoder_of(self._coding) if self._coding else None
        size = 0
        async for piece in self._stream:
            for decoded in (piece,) if decode is None else decode(piece):
                size += len(decoded)
                if size > self._most:
                    raise AnswerTooLarge(f"the answer has more than {self._most:,} bytes")
                yield decoded

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._stream.aclose()


def decoder_of(coding: str) -> Callable[[bytes], Iterator[bytes]]:
    """Return what decodes the pieces of an answer in a coding."""
    if coding not in _WINDOW:
        return partial(refuse, coding)
    return partial(decompress, zlib.decompressobj(_WINDOW[coding]))


def refuse(coding: str, data: bytes) -> Iterator[bytes]:
    """Raise httpx2.DecodingError for content; an answer that has none may say what it likes."""
    if data:
        raise httpx2.DecodingError(f"the answer is coded as {coding!r}, not as one of {CODINGS}")
    yield data


def decompress(decoder: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
    """Yield what compressed data becomes, a little at a time. Raises httpx2.DecodingError."""
    while data:
        try:
            decoded = decoder.decompress(data, _PIECE)
        except zlib.error as error:
            raise httpx2.DecodingError(str(error)) from error
        data = decoder.unconsumed_tail
        if decoded:
            yield decoded


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
