import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from gambrel.core.http.bodies.body import collect_body, count_bytes, decode_text
from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType


async def arriving(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def collect(chunks: Iterable[bytes], limit: int = 1_000) -> bytes:
    return asyncio.run(collect_body(arriving(chunks), limit))


async def counted(source: AsyncIterator[bytes], limit: int) -> bytes:
    return b"".join([chunk async for chunk in count_bytes(source, limit)])


READERS: list[Callable[[AsyncIterator[bytes], int], object]] = [collect_body, counted]


@pytest.mark.parametrize("reader", READERS)
def test_a_body_of_exactly_the_limit_is_read_by_every_reader(reader: Callable) -> None:
    assert asyncio.run(reader(arriving([b"ab", b"cd"]), 4)) == b"abcd"


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_goes_past_the_limit(reader: Callable) -> None:
    with pytest.raises(ContentTooLarge):
        asyncio.run(reader(arriving([b"ab", b"cd", b"e"]), 4))


def test_a_body_that_announces_too_much_is_refused_before_it_is_sent() -> None:
    class Announced:
        announced = 5

        def __aiter__(self) -> AsyncIterator[bytes]:
            raise AssertionError("it is not read")

    with pytest.raises(ContentTooLarge):
        asyncio.run(collect_body(Announced(), 4))


def test_an_endless_body_is_given_up_at_the_limit() -> None:
    taken = 0

    def endless() -> Iterable[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 100

    with pytest.raises(ContentTooLarge):
        collect(endless(), limit=1_000)

    assert taken == 11


def test_a_million_tiny_chunks_are_one_body() -> None:
    assert collect([b"x"] * 100_000, limit=100_000) == b"x" * 100_000


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("", "é".encode(), "é"),
        ("text/plain", "é".encode(), "é"),
        ('text/plain; charset="UTF-8"', "é".encode(), "é"),
        ("text/plain; charset=iso-8859-1", b"\xe9", "é"),
        ("text/plain; charset=us-ascii", b"e", "e"),
    ],
)
def test_text_is_decoded_in_its_charset(content_type: str, body: bytes, text: str) -> None:
    assert decode_text(body, content_type) == text


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "idna", "rot13", "unknown"])
def test_other_charsets_are_not_decoded(charset: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        decode_text(b"hello", f"text/plain; charset={charset}")


@pytest.mark.parametrize("charset", ["utf-8", "us-ascii"])
def test_bytes_outside_the_charset_are_a_bad_request(charset: str) -> None:
    with pytest.raises(BadRequest):
        decode_text(b"\xff", f"text/plain; charset={charset}")
