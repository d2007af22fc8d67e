"""`Crossing`: the transport of sync clients, which sends by that of an async one on its loop.

Bodies go over piece by piece, both ways; an answer that is wanted whole comes in one go.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from time import monotonic

import httpx2

from gambrel.client.bridge import Ask, Bridge
from gambrel.client.outgoing import LIMIT

__all__ = ["UNTIL", "WHOLE", "Crossing"]

UNTIL, WHOLE = "gambrel.until", "gambrel.whole"
"""Extensions of a request: when it must be answered (of `monotonic`), and that it is read whole."""


class Crossing(httpx2.BaseTransport):
    """Sends requests of a thread by an async transport. Its connections are not its to close."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, bridge: Bridge) -> None:
        self.inner = inner
        self.bridge = bridge

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and return its answer."""
        return self.bridge.call(lambda ask: self.exchange(request, ask))

    async def exchange(self, request: httpx2.Request, ask: Ask) -> httpx2.Response:
        """Do on the loop what a thread waits for."""
        stream = request.stream
        if not isinstance(stream, httpx2.ByteStream):
            assert isinstance(stream, httpx2.SyncByteStream)
            stream = Outgoing(stream, ask)
        extensions = dict(request.extensions)
        until, is_whole = extensions.pop(UNTIL, None), extensions.pop(WHOLE, False)
        sent = httpx2.Request(
            request.method,
            request.url,
            headers=request.headers,
            stream=stream,
            extensions=extensions,
        )
        async with asyncio.timeout(
            None if until is None else max(0.0, until - monotonic())
        ) as limit:
            sent.extensions[LIMIT] = limit
            answer = await self.inner.handle_async_request(sent)
            assert isinstance(answer.stream, httpx2.AsyncByteStream)
            body: httpx2.SyncByteStream = Incoming(answer.stream, self.bridge)
            if is_whole:
                try:
                    body = httpx2.ByteStream(b"".join([piece async for piece in answer.stream]))
                finally:
                    await answer.aclose()
        return httpx2.Response(
            answer.status_code, headers=answer.headers, stream=body, extensions=answer.extensions
        )


class Outgoing(httpx2.AsyncByteStream):
    """The body of a request, whose pieces the thread makes that waits for the answer."""

    def __init__(self, stream: httpx2.SyncByteStream, ask: Ask) -> None:
        self._stream = stream
        self._ask = ask

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        pieces = await self._ask(lambda: iter(self._stream))
        while (piece := await self._ask(lambda: next(pieces, None))) is not None:
            yield piece


class Incoming(httpx2.SyncByteStream):
    """The body of an answer, whose pieces a thread takes one by one."""

    def __init__(self, stream: httpx2.AsyncByteStream, bridge: Bridge) -> None:
        self._stream = stream
        self._bridge = bridge

    def __iter__(self) -> Iterator[bytes]:
        """Yield the pieces."""
        pieces = aiter(self._stream)

        async def following(_: Ask) -> bytes | None:
            return await anext(pieces, None)

        while (piece := self._bridge.call(following)) is not None:
            yield piece

    def close(self) -> None:
        """Give the connection back."""

        async def closed(_: Ask) -> None:
            await self._stream.aclose()

        self._bridge.call(closed, in_any_case=True)
