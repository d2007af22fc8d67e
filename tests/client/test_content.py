import asyncio
import gzip
import zlib

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.client import AnswerTooLarge
from gambrel.client.content import Bounded, coding_of


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


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


FORMS = {"gzip": gzip.compress, "deflate": zlib.compress, "raw deflate": raw_deflate}


@given(
    st.binary(max_size=200),
    st.sampled_from([1, 300, 700, 5_000]),
    st.sampled_from(sorted(FORMS)),
    st.sampled_from([1, 2, 1_000]),
)
def test_content_is_decoded_in_any_pieces_and_cut_nowhere(data, times, form, size):
    coding, encoded = form.removeprefix("raw "), FORMS[form](data * times)

    assert read(encoded, coding, size=size) == data * times
    for end in {1, len(encoded) // 2, len(encoded) - 1}:
        with pytest.raises(httpx2.DecodingError, match="ends too early"):
            read(encoded[:end], coding, size=size)


@pytest.mark.parametrize("size", [1, 50, 1_000])
def test_all_members_of_gzip_are_decoded(size):
    members = [gzip.compress(b"a" * 100), gzip.compress(b""), gzip.compress(b"b" * 100)]

    assert read(b"".join(members), "gzip", size=size) == b"a" * 100 + b"b" * 100


def test_very_many_members_are_refused():
    with pytest.raises(httpx2.DecodingError, match="too many members"):
        read(gzip.compress(b"") * 10_000, "gzip")


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_stands_behind_the_end_is_refused(coding):
    with pytest.raises(httpx2.DecodingError):
        read(FORMS[coding](b"hello") + b"more", coding)


def test_a_bomb_is_left_when_it_is_too_large():
    with pytest.raises(AnswerTooLarge, match="more than 100,000 bytes"):
        read(gzip.compress(bytes(50_000_000)), "gzip", 100_000)
    with pytest.raises(AnswerTooLarge):
        read(bytes(100_001), "", 100_000)


def test_what_does_not_decode_is_told():
    with pytest.raises(httpx2.DecodingError):
        read(b"no gzip", "gzip")


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "gzip, zstd"])
def test_a_coding_that_was_not_asked_for_is_refused(coding):
    with pytest.raises(httpx2.DecodingError, match=f"coded as '{coding}'"):
        read(b"x", coding)
    assert read(b"", coding) == b""


@pytest.mark.parametrize(
    ("fields", "coding"),
    [
        ([], ""),
        (["GZIP"], "gzip"),
        (["identity"], ""),
        (["identity, gzip"], "gzip"),
        (["gzip , Identity,"], "gzip"),
        (["gzip", "br"], "gzip, br"),
    ],
)
def test_codings_are_a_list(fields, coding):
    assert coding_of(httpx2.Headers([("content-encoding", field) for field in fields])) == coding
