import asyncio
import gzip
import os
import zlib
from collections.abc import AsyncIterator

import pytest

from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Text
from gambrel.middleware.decompression import Decompressor, gunzip
from gambrel.testing import make_request
from tests.middleware.chain import ask


def sent(body: bytes, coding: str = "gzip") -> Request:
    return make_request(
        "POST", "/", headers={"content-encoding": coding, "content-type": "text/plain"}, body=body
    )


def sent_in_pieces(*pieces: bytes) -> Request:
    async def coming() -> AsyncIterator[bytes]:
        for piece in pieces:
            await asyncio.sleep(0)
            yield piece

    request = sent(b"")
    request.recode(coming(), request.headers)
    return request


async def echo(request: Request) -> Response:
    return Text(f"{await request.text()} {sorted(request.headers)}")


async def size(request: Request) -> Response:
    return Text(str(len(await request.body())))


@pytest.mark.parametrize("coding", ["gzip", "GZip", "x-gzip"])
def test_a_body_in_gzip_is_unpacked_and_nothing_tells_of_it(coding: str):
    answer = ask(Decompressor(), sent(gzip.compress(b"tea"), coding), echo)

    assert answer.body == b"tea ['content-type', 'host']"


def test_a_body_without_a_coding_passes_as_it_is():
    answer = ask(Decompressor(), sent(b"tea", "identity"), echo)

    assert answer.body.startswith(b"tea")


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "tea"])
def test_another_coding_is_refused_with_the_one_that_is_not(coding: str):
    with pytest.raises(UnsupportedMediaType) as caught:
        ask(Decompressor(), sent(b"tea", coding), echo)

    assert caught.value.headers == {"accept-encoding": "gzip"}


@pytest.mark.parametrize("body", [b"tea", gzip.compress(b"tea", mtime=0)[:-4]])
def test_what_is_no_gzip_is_malformed(body: bytes):
    with pytest.raises(BadRequest):
        ask(Decompressor(), sent(body), echo)


def test_a_bomb_is_too_large():
    bomb = gzip.compress(bytes(1 << 24))

    with pytest.raises(ContentTooLarge):
        ask(Decompressor(), sent(bomb), echo)


def test_a_ratio_guards_what_is_still_small_enough():
    body = gzip.compress(bytes(1 << 19))

    passed = ask(Decompressor(ratio=2_000), sent(body), echo)
    with pytest.raises(ContentTooLarge):
        ask(Decompressor(ratio=10), sent(body), echo)

    assert passed.status == 200


def test_a_bomb_within_the_limit_stops_at_the_ratio():
    async def read() -> int:
        async def arriving() -> AsyncIterator[bytes]:
            yield gzip.compress(bytes(5 << 20))

        return sum([len(piece) async for piece in gunzip(arriving(), 1 << 30)])

    with pytest.raises(ContentTooLarge):
        asyncio.run(read())


def test_several_members_are_one_body():
    answer = ask(Decompressor(), sent(gzip.compress(b"te") + gzip.compress(b"a")), echo)

    assert answer.body.startswith(b"tea ")


def test_members_are_no_smaller_than_anyone_makes_them():
    """T-C18: an empty member is 20 bytes, and each costs more than a byte does."""
    many = gzip.compress(b"", mtime=0) * 50_000

    with pytest.raises(BadRequest, match="members"):
        ask(Decompressor(), sent_in_pieces(many), echo)


def test_members_of_a_usual_size_are_taken_however_many():
    block = gzip.compress(os.urandom(2_000))

    answer = ask(Decompressor(), sent_in_pieces(block * 100), size)

    assert answer.body == b"200000"


def test_what_arrives_is_counted_even_where_nothing_comes_out():
    nothing = gzip.compress(b"") * 100_000

    with pytest.raises(ContentTooLarge):
        ask(Decompressor(), sent_in_pieces(nothing), echo)


def test_a_stream_is_unpacked_while_it_arrives():
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(b"a" * 10) + packer.flush(zlib.Z_SYNC_FLUSH), packer.flush()]

    async def read(request: Request) -> Response:
        return Text(str([piece async for piece in request.stream()]))

    assert ask(Decompressor(), sent_in_pieces(*pieces), read).body == b"[b'aaaaaaaaaa']"
