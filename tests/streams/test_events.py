import asyncio
import contextvars
from collections.abc import AsyncIterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel.streams.events import EventStream, ServerSentEvent


def frames(stream: EventStream, count: int = 100) -> list[bytes]:
    async def run() -> list[bytes]:
        got = []
        async for frame in stream.body:  # type: ignore[union-attr]
            got.append(frame)
            if len(got) == count:
                break
        await stream.body.aclose()  # type: ignore[union-attr]
        return got

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("event", "wire"),
    [
        (ServerSentEvent("hello"), b"data: hello\n\n"),
        (ServerSentEvent(""), b"data: \n\n"),
        (ServerSentEvent(" x"), b"data:  x\n\n"),
        (ServerSentEvent({"a": [1]}), b'data: {"a":[1]}\n\n'),
        (ServerSentEvent(0), b"data: 0\n\n"),
        (ServerSentEvent("a\nb\r\nc\rd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (ServerSentEvent("a\x0bb\u2028c"), "data: a\x0bb\u2028c\n\n".encode()),
        (ServerSentEvent(comment="still here"), b": still here\n\n"),
        (ServerSentEvent(comment="a\nb"), b": a\n: b\n\n"),
        (ServerSentEvent(id=""), b"id: \n\n"),
        (
            ServerSentEvent("x", event="tick", id="7", retry=3_000),
            b"event: tick\nid: 7\nretry: 3000\ndata: x\n\n",
        ),
    ],
)
def test_an_event_is_framed(event: ServerSentEvent, wire: bytes) -> None:
    assert event.encode() == wire


@pytest.mark.parametrize("field", ["event", "id"])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\x00b", "a\n"])
def test_a_line_break_in_a_name_is_refused(field: str, text: str) -> None:
    with pytest.raises(ValueError, match=field):
        ServerSentEvent("x", **{field: text})


def test_a_negative_retry_is_refused() -> None:
    with pytest.raises(ValueError, match="retry"):
        ServerSentEvent("x", retry=-1)


@given(st.text(st.characters(codec="utf-8")))
def test_text_arrives_as_a_browser_reads_it(text: str) -> None:
    lines = ServerSentEvent(text).encode().decode().removesuffix("\n\n").split("\n")

    received = "\n".join(line.removeprefix("data: ") for line in lines)
    assert received == text.replace("\r\n", "\n").replace("\r", "\n")


def test_plain_values_become_data() -> None:
    values = [{"a": 1}, msgspec.Raw(b"[1]")]

    assert frames(EventStream(values)) == [b'data: {"a":1}\n\n', b"data: [1]\n\n"]


@pytest.mark.parametrize("kind", [list, iter])
def test_a_stream_sends_its_events(kind: type) -> None:
    stream = EventStream(kind([ServerSentEvent("a", id="1"), "b"]))

    assert stream.headers["content-type"] == "text/event-stream"
    assert stream.headers["cache-control"] == "no-store"
    assert frames(stream) == [b"id: 1\ndata: a\n\n", b"data: b\n\n"]


def test_a_silent_stream_keeps_the_line_open() -> None:
    async def silent() -> AsyncIterator[str]:
        await asyncio.sleep(3_600)
        yield "never"

    assert frames(EventStream(silent(), heartbeat=0.01), count=2) == [b":\n\n", b":\n\n"]


def test_a_heartbeat_loses_no_event() -> None:
    async def slow() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0.03)
            yield number

    got = frames(EventStream(slow(), heartbeat=0.01))

    assert [frame for frame in got if frame != b":\n\n"] == [
        b"data: 0\n\n",
        b"data: 1\n\n",
        b"data: 2\n\n",
    ]


def test_a_stream_without_heartbeat_just_waits() -> None:
    async def slow() -> AsyncIterator[int]:
        await asyncio.sleep(0.02)
        yield 1

    assert frames(EventStream(slow(), heartbeat=0)) == [b"data: 1\n\n"]


def test_an_error_ends_the_stream_after_what_came_before() -> None:
    async def breaks() -> AsyncIterator[int]:
        yield 1
        raise ValueError("broken")

    got = []

    async def run() -> None:
        async for frame in EventStream(breaks()).body:  # type: ignore[union-attr]
            got.append(frame)  # noqa: PERF401 - the list is kept when the loop fails

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run())

    assert got == [b"data: 1\n\n"]


def test_a_client_that_leaves_stops_the_generator() -> None:
    stopped = []

    async def ticking() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            stopped.append(True)

    frames(EventStream(ticking()), count=2)

    assert stopped == [True]


def test_the_whole_generator_runs_in_one_task_and_context() -> None:
    seen = contextvars.ContextVar("seen", default="nothing")

    async def events() -> AsyncIterator[str]:
        async with asyncio.timeout(10):
            seen.set("kept")
            yield "a"
            yield seen.get()

    assert frames(EventStream(events())) == [b"data: a\n\n", b"data: kept\n\n"]
