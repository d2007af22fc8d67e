"""Server-sent events (WHATWG HTML §9.2): one as bytes, many as a streaming response.

Handlers yield events; nothing here knows who listens.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from contextlib import aclosing
from typing import Any, ClassVar

import msgspec

from gambrel.core.http.response import Response
from gambrel.core.http.threads import iterate

__all__ = ["EventStream", "ServerSentEvent"]

_BREAKS = frozenset("\r\n\0")


class EventStream(Response):
    """Server-sent events from a (sync or async) iterable of `ServerSentEvent`s or plain values.

    A comment is sent after every `heartbeat` seconds of silence, so that proxies keep the line
    open and a client that has gone is noticed; 0 sends none.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncIterable[Any] | Iterable[Any], *, heartbeat: float = 15.0
    ) -> None:
        super().__init__(b"", headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self.headers["content-type"] = str(self.media_type)
        self.body = _frames(events, heartbeat)


class ServerSentEvent(msgspec.Struct, frozen=True):
    """One server-sent event.

    Text goes out as it is, any other `data` as JSON. `retry` is in milliseconds. A `comment` is
    not seen by the page; alone it keeps the connection alive.

    Raises ValueError where `event` or `id` has a line break, or `retry` is negative.
    """

    sent_as: ClassVar[type[Response]] = EventStream

    data: Any = None
    event: str = ""
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("event", self.event), ("id", self.id or "")):
            if not _BREAKS.isdisjoint(value):
                raise ValueError(f"{name} {value!r} of a server-sent event has a line break or NUL")
        if self.retry is not None and self.retry < 0:
            raise ValueError(f"retry is a number of milliseconds, not {self.retry}")

    def encode(self) -> bytes:
        """Return the event as it goes over the wire. Raises TypeError for data JSON cannot hold."""
        lines = []
        if self.comment is not None:
            lines += [f": {line}" for line in _lines(self.comment)]
        if self.event:
            lines.append(f"event: {self.event}")
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        if self.data is not None:
            text = self.data
            if not isinstance(text, str):
                text = msgspec.json.encode(text).decode()
            lines += [f"data: {line}" for line in _lines(text)]
        return "\n".join([*lines, "", ""]).encode()


def _lines(text: str) -> list[str]:
    # Only these three end a line of the format; str.splitlines() knows seven more.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


async def _frames(
    events: AsyncIterable[Any] | Iterable[Any], heartbeat: float
) -> AsyncGenerator[bytes, None]:
    # One task runs the whole generator: its time-outs and context variables span its yields.
    frames: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(maxsize=1)
    pump = asyncio.create_task(_pump(iterate(events), frames))
    try:
        while True:
            try:
                async with asyncio.timeout(heartbeat or None):
                    frame = await frames.get()
            except TimeoutError:
                frame = b":\n\n"
            if isinstance(frame, Exception):
                raise frame
            if frame is None:
                return
            yield frame
    finally:
        pump.cancel()
        await asyncio.wait([pump])


async def _pump(
    events: AsyncGenerator[Any, None], frames: asyncio.Queue[bytes | Exception | None]
) -> None:
    end: Exception | None = None
    try:
        async with aclosing(events):
            async for value in events:
                is_event = isinstance(value, ServerSentEvent)
                await frames.put((value if is_event else ServerSentEvent(value)).encode())
    except Exception as error:
        end = error
    await frames.put(end)
