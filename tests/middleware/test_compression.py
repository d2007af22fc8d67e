import asyncio
from collections.abc import AsyncIterator

import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.response import HTML, JSON, Response, Stream, Text
from gambrel.middleware.compression import Compressor
from gambrel.streams.events import EventStream
from gambrel.testing import make_request
from tests.middleware.chain import ask
from tests.middleware.readers import READERS

LONG = "gambrel " * 1_000


def compress(answer: Response, accept: str = "gzip", **options: object) -> Response:
    headers = {"accept-encoding": accept} if accept else {}
    return ask(Compressor(**options), make_request(headers=headers), answer)


@pytest.mark.parametrize("coding", READERS)
def test_a_body_is_compressed_in_the_coding_the_client_takes(coding):
    response = compress(Text(LONG, headers={"content-length": "8000"}), coding)

    assert response.headers["content-encoding"] == coding
    assert response.headers["vary"] == "accept-encoding"
    assert "content-length" not in response.headers
    assert READERS[coding](response.body).decode() == LONG


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        ("gzip, br, zstd", "zstd"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("*", "zstd"),
        ("gzip, *;q=0", "gzip"),
        ("deflate", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("identity;q=0, nothing", None),
        (", ".join(["x"] * 40), None),
        ("", None),
    ],
)
def test_the_client_chooses_and_the_server_breaks_the_tie(accept, coding):
    response = compress(Text(LONG), accept)

    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "accept-encoding"


def test_a_large_body_is_compressed_in_a_thread():
    response = compress(Text(LONG * 20))

    assert READERS["gzip"](response.body).decode() == LONG * 20


async def endless() -> AsyncIterator[bytes]:
    yield b"data: 1\n\n"


@pytest.mark.parametrize(
    "answer",
    [
        Text("short"),
        Response(LONG, media_type="image/png"),
        Response(LONG.encode()),
        Text(LONG, headers={"content-encoding": "br"}),
        Text(LONG, headers={"cache-control": "public, no-transform"}),
        Text(LONG, 206),
        EventStream(endless()),
        Text(LONG, headers={"accept-ranges": "bytes"}),
    ],
)
def test_what_gains_nothing_or_must_not_change_stays(answer):
    before = answer.body

    response = compress(answer)

    assert response.body is before
    assert "vary" not in response.headers


@pytest.mark.parametrize("answer", [HTML(LONG), JSON([LONG]), Response(LONG, media_type="a/b+xml")])
def test_pages_json_and_xml_shrink(answer):
    assert "content-encoding" in compress(answer).headers


def test_a_strong_tag_becomes_weak():
    response = compress(Text(LONG, headers={"etag": '"v1"'}))

    assert response.headers["etag"] == 'W/"v1"'


def test_a_304_says_what_the_200_would_have_said():
    response = compress(Response(b"", 304, headers={"etag": '"v1"'}))

    assert response.headers["etag"] == 'W/"v1"'
    assert response.headers["vary"] == "accept-encoding"
    assert response.body == b""


def test_a_stream_is_compressed_piece_by_piece_and_its_source_closed():
    closed = []

    async def rows() -> AsyncIterator[str]:
        try:
            yield "first "
            yield "second"
        finally:
            closed.append(True)

    async def read(response: Response) -> list[bytes]:
        return [piece async for piece in response.body]

    response = compress(Stream(rows(), media_type="text/plain"))
    pieces = asyncio.run(read(response))

    assert len(pieces) == 3
    assert READERS["gzip"](b"".join(pieces)) == b"first second"
    assert closed == [True]


def test_a_plain_generator_is_stepped_in_a_thread():
    async def read(response: Response) -> bytes:
        return b"".join([piece async for piece in response.body])

    response = compress(Stream(iter([LONG] * 20), media_type="text/plain"))

    assert READERS["gzip"](asyncio.run(read(response))).decode() == LONG * 20


def test_the_smallest_body_to_compress_can_be_set():
    assert "content-encoding" in compress(Text("short"), minimum=1).headers


def test_an_unknown_coding_is_refused_at_start_up():
    with pytest.raises(GambrelError, match="'deflate' is no content coding"):
        Compressor(codings=["gzip", "deflate"])
