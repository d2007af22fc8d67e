import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.core.http.bodies.body import (
    check_json_shape,
    collect_body,
    count_bytes,
    decode_json,
    decode_msgpack,
    decode_text,
    decompress,
)
from gambrel.core.http.errors import BadRequest, ContentTooLarge, UnsupportedMediaType


async def arriving(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def collect(chunks: Iterable[bytes], limit: int = 1_000) -> bytes:
    return asyncio.run(collect_body(arriving(chunks), limit))


def unpack(
    chunks: Iterable[bytes], encoding: str, limit: int = 1 << 20, **options: object
) -> bytes:
    async def read() -> bytes:
        pieces = decompress(arriving(chunks), encoding, limit=limit, **options)  # type: ignore[arg-type]
        return b"".join([piece async for piece in pieces])

    return asyncio.run(read())


async def counted(source: AsyncIterator[bytes], limit: int) -> bytes:
    return b"".join([chunk async for chunk in count_bytes(source, limit)])


async def identity(source: AsyncIterator[bytes], limit: int) -> bytes:
    return b"".join([chunk async for chunk in decompress(source, "", limit=limit)])


READERS: list[Callable[[AsyncIterator[bytes], int], object]] = [collect_body, counted, identity]


@pytest.mark.parametrize("reader", READERS)
def test_a_body_of_exactly_the_limit_is_read_by_every_reader(reader: Callable) -> None:
    assert asyncio.run(reader(arriving([b"ab", b"cd"]), 4)) == b"abcd"


@pytest.mark.parametrize("reader", READERS)
def test_no_reader_goes_past_the_limit(reader: Callable) -> None:
    with pytest.raises(ContentTooLarge):
        asyncio.run(reader(arriving([b"ab", b"cd", b"e"]), 4))


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


def test_compressed_bodies_are_refused_unless_the_app_opts_in() -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        unpack([gzip.compress(b"hello")], "gzip")

    assert caught.value.headers["accept-encoding"] == "identity"


def test_gzip_is_unpacked_when_allowed() -> None:
    packed = gzip.compress(b"hello " * 1_000)

    assert unpack([packed[:7], packed[7:]], "GZIP", allowed=("gzip",)) == b"hello " * 1_000


def test_several_gzip_members_are_one_body() -> None:
    assert unpack([gzip.compress(b"a") + gzip.compress(b"b")], "gzip", allowed=("gzip",)) == b"ab"


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "identity, gzip"])
def test_other_codings_are_refused_with_what_is_accepted(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        unpack([b""], encoding, allowed=("gzip",))

    assert caught.value.headers["accept-encoding"] == "gzip"


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50 << 20))

    with pytest.raises(ContentTooLarge):
        unpack([bomb], "gzip", limit=1 << 20, allowed=("gzip",), ratio=10_000)


def test_a_gzip_bomb_within_the_limit_stops_at_the_ratio() -> None:
    bomb = gzip.compress(bytes(5 << 20))

    with pytest.raises(ContentTooLarge):
        unpack([bomb], "gzip", limit=1 << 30, allowed=("gzip",), ratio=100)


@pytest.mark.parametrize("damage", [lambda packed: packed[:-4], lambda packed: b"no" + packed])
def test_damaged_gzip_is_a_bad_request(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BadRequest):
        unpack([damage(gzip.compress(b"hello"))], "gzip", allowed=("gzip",))


def test_zlib_data_is_not_taken_for_gzip() -> None:
    with pytest.raises(BadRequest):
        unpack([zlib.compress(b"hello")], "gzip", allowed=("gzip",))


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


def test_json_is_decoded() -> None:
    assert decode_json(b'{"a": [1, null, "\\u00e9"]}') == {"a": [1, None, "é"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[NaN]",
        b"[Infinity]",
        b"[1e999]",
        b'["\\ud800"]',
        b'["\xff"]',
        b"{} x",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-32"),
        b"[" + b"9" * 100_000 + b"]",
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b"[" * 65 + b"]" * 65,
        b'{"a":[' * 33 + b"]}" * 33,
    ],
)
def test_json_that_is_malformed_or_too_deep_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        decode_json(body)


def test_json_in_another_charset_is_an_unsupported_media_type() -> None:
    with pytest.raises(UnsupportedMediaType):
        decode_json(b"{}", "application/json; charset=utf-16")


@pytest.mark.parametrize("body", [b"[" + b"1," * 200_000 + b"1]", b"[" + b"[]," * 100_000 + b"[]]"])
def test_json_with_too_many_values_is_too_large(body: bytes) -> None:
    with pytest.raises(ContentTooLarge):
        decode_json(body)


@pytest.mark.parametrize(
    "value",
    ["[{" * 1_000, "," * 300_000, '"\\"' * 1_000 + "]" * 500, [["[" * 3]] * 200, "\\" * 301],
)
def test_brackets_and_commas_inside_strings_do_not_count(value: object) -> None:
    body = msgspec.json.encode(value)

    assert decode_json(body) == value


def test_json_of_64_levels_is_taken() -> None:
    assert decode_json(b'{"a":[' * 32 + b"]}" * 32)


def test_an_unterminated_string_of_escapes_is_refused_in_one_pass() -> None:
    with pytest.raises(BadRequest):
        decode_json(b"[" * 65 + b'"' + b'\\"' * 400_000)


@given(
    st.recursive(st.none() | st.text(), lambda inner: st.lists(inner, max_size=3)),
    st.integers(1, 4),
)
def test_the_shape_check_agrees_with_a_walk_over_the_value(value: object, depth: int) -> None:
    def depth_of(item: object) -> int:
        return 1 + max(map(depth_of, item), default=0) if isinstance(item, list) else 0

    body = msgspec.json.encode(value)

    if depth_of(value) > depth:
        with pytest.raises(BadRequest):
            check_json_shape(body, max_depth=depth, max_nodes=10_000)
    else:
        check_json_shape(body, max_depth=depth, max_nodes=10_000)


def test_msgpack_is_decoded() -> None:
    assert decode_msgpack(msgspec.msgpack.encode({"a": [1, b"x"]})) == {"a": [1, b"x"]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\x91" * 1_000_000,
        b"\xa1\xff",
    ],
)
def test_malformed_msgpack_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        decode_msgpack(body)
