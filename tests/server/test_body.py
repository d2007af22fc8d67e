import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.server.body import BodyStream, Chunked, MalformedBody, Sized
from tests.server.live import run


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    bounds = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(bounds)]


def drain(framing, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Return the content, and what follows the body."""
    content, rest = b"", b""
    for piece in pieces:
        if framing.is_complete:
            rest += piece
            continue
        found, used = framing.feed(piece)
        content += b"".join(found)
        rest += piece[used:]
    assert framing.is_complete
    return content, rest


@given(
    chunks=st.lists(st.binary(min_size=1, max_size=20)), rest=st.binary(max_size=20), data=st.data()
)
def test_chunks_come_out_as_they_went_in_however_they_are_split(chunks, rest, data):
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    cuts = data.draw(st.lists(st.integers(0, 1000), max_size=8))

    assert drain(Chunked(), split(framed + rest, cuts)) == (b"".join(chunks), rest)


@given(body=st.binary(min_size=1), rest=st.binary(max_size=20), cuts=st.lists(st.integers(0, 1000)))
def test_a_sized_body_takes_its_length_and_no_more(body, rest, cuts):
    assert drain(Sized(len(body)), split(body + rest, cuts)) == (body, rest)


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_whatever_comes_as_chunks_is_decoded_or_malformed(pieces):
    framing = Chunked()
    fed = b"".join(pieces)

    try:
        content, _ = drain(framing, [*pieces, b"\r\n0\r\n\r\n0\r\n\r\n"])
    except (MalformedBody, AssertionError):
        content = b""

    assert len(content) <= len(fed) + 20


def test_blank_lines_in_content_do_not_end_a_body():
    framed = b"c\r\n\r\n\r\n0\r\n\r\n\r\n\r\r\n0\r\n\r\nGET /"

    assert drain(Chunked(), [framed]) == (b"\r\n\r\n0\r\n\r\n\r\n\r", b"GET /")


def test_blank_lines_in_content_cost_no_call_of_the_parser_each():
    framing, calls = Chunked(), []
    feed = framing._feed
    framing._feed = lambda data: calls.append(feed(data))
    content = b"\r\n" * 10_000

    framed = b"%x\r\n%b\r\n0\r\nx: y\r\n\r\n" % (len(content), content)

    assert drain(framing, [framed + b"GET /"]) == (content, b"GET /")
    assert len(calls) < 5


def test_extensions_without_content_are_malformed():
    framing = Chunked()

    with pytest.raises(MalformedBody):
        drain(framing, [b"1;" + b"x" * 1000 + b"\r\ny\r\n"] * 1000)


# Streams -----------------------------------------------------------------------------------------


def make(limit: int = 10) -> tuple[BodyStream, list[bool]]:
    throttled: list[bool] = []
    return BodyStream(None, limit, throttled.append), throttled


async def collect(stream: BodyStream) -> list[bytes]:
    return [piece async for piece in stream]


def test_a_stream_yields_what_was_fed_before_and_while_it_is_read():
    async def main() -> list[bytes]:
        stream, _ = make()
        stream.feed([b"one", b"two"])
        reading = asyncio.create_task(collect(stream))
        await asyncio.sleep(0)
        stream.feed([b"three"])
        await asyncio.sleep(0)
        stream.end()
        return await reading

    assert run(main()) == [b"one", b"two", b"three"]


def test_a_stream_that_is_full_holds_back_the_client_until_half_is_read():
    async def main() -> list[bool]:
        stream, throttled = make(limit=10)
        stream.feed([b"12345"])
        assert throttled == []
        stream.feed([b"67890", b"1"])
        stream.end()
        await collect(stream)
        return throttled

    throttled = run(main())

    assert throttled[0] is True
    assert throttled[-1] is False


def test_a_failed_stream_yields_what_arrived_and_then_raises():
    async def main() -> list[bytes]:
        stream, _ = make()
        stream.feed([b"one", b"two"])
        stream.fail(ConnectionError, "gone")
        pieces = aiter(stream)
        found = [await anext(pieces), await anext(pieces)]
        with pytest.raises(ConnectionError):
            await anext(pieces)
        return found

    assert run(main()) == [b"one", b"two"]


def test_each_reader_of_a_failed_stream_gets_an_error_of_its_own():
    async def main() -> list[ConnectionError]:
        stream, _ = make()
        stream.fail(ConnectionError, "gone")
        found = []
        for _ in range(2):
            with pytest.raises(ConnectionError, match="gone") as caught:
                await collect(stream)
            found.append(caught.value)
        return found

    first, second = run(main())

    assert first is not second


def test_a_complete_stream_cannot_fail():
    async def main() -> list[bytes]:
        stream, _ = make()
        stream.feed([b"one"])
        stream.end()
        stream.fail(ConnectionError, "gone")
        return await collect(stream)

    assert run(main()) == [b"one"]


def test_the_first_look_asks_for_the_body_once():
    async def main() -> list[str]:
        asked: list[str] = []
        stream, _ = make()
        stream.on_demand = lambda: asked.append("asked")
        stream.end()
        await collect(stream)
        await collect(stream)
        return asked

    assert run(main()) == ["asked"]


def test_a_discarded_stream_keeps_nothing_and_holds_nobody_back():
    async def main() -> tuple[list[bytes], list[bool]]:
        stream, throttled = make(limit=2)
        stream.feed([b"one"])
        stream.discard()
        stream.feed([b"two"])
        stream.end()
        return await collect(stream), throttled

    assert run(main()) == ([], [True, False])


@pytest.mark.parametrize(("length", "announced"), [(None, 0), (0, 0), (7, 7)])
def test_a_body_tells_what_was_announced(length, announced):
    assert BodyStream(length, 10, lambda _: None).announced == announced
