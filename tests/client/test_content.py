import asyncio
import gzip
import zlib

import httpx2
import pytest

from gambrel.client import AnswerTooLarge
from gambrel.client.content import Bounded, decodable


def read(data: bytes, coding: str = "", most: int = 1_000_000, size: int = 1_000) -> bytes:
    class Stream(httpx2.AsyncByteStream):
        async def __aiter__(self):
            for at in range(0, len(data), size):
                yield data[at : at + size]

    async def main() -> bytes:
        stream = Bounded(Stream(), coding, most)
        pieces = [piece async for piece in stream]
        await stream.aclose()
        assert max(map(len, pieces), default=0) <= 64 * 1024
        return b"".join(pieces)

    return asyncio.run(main())


@pytest.mark.parametrize("coding", ["", "gzip", "x-gzip", "deflate"])
def test_content_is_decoded(coding):
    data = b"hello " * 50_000
    encoded = {"": bytes, "deflate": zlib.compress}.get(coding, gzip.compress)(data)

    assert read(encoded, coding) == data


def test_a_bomb_is_left_when_it_is_too_large():
    with pytest.raises(AnswerTooLarge, match="more than 100,000 bytes"):
        read(gzip.compress(bytes(50_000_000)), "gzip", 100_000)
    with pytest.raises(AnswerTooLarge):
        read(bytes(100_001), "", 100_000)


def test_what_does_not_decode_is_told():
    with pytest.raises(httpx2.DecodingError):
        read(b"no gzip", "gzip")


def test_our_codings():
    assert decodable(httpx2.Headers({"content-encoding": "GZIP"})) == "gzip"
    assert decodable(httpx2.Headers({"content-encoding": "br"})) == ""
    assert decodable(httpx2.Headers()) == ""
