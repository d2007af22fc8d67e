"""The in-process transports of httpx2: requests to an app's ASGI door instead of to a socket.

The clients make one each and the transport lives as long as they do: entering it starts the app.
Request and response bodies stream both ways: the app asks for a piece, the body gives it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from types import TracebackType
from typing import Self

import httpx2

from gambrel import GambrelError
from gambrel.testing.conversation import Conversation, Options
from gambrel.testing.exchange import End, Event, Head, Want
from gambrel.testing.running import Life, LoopThread, call, running_loop

__all__ = ["AsyncTransport", "Transport"]


class Transport(httpx2.BaseTransport):
    """Sends requests to an app that runs on a loop in a thread of its own."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._loop = running_loop(self.options.app)
        if self._loop is None:
            with ExitStack() as stack:
                loop = self._loop = stack.enter_context(LoopThread()).loop
                life = Life(self.options.app)
                call(loop, life.start)
                stack.callback(call, loop, life.stop)
                self._stack = stack.pop_all()
        self._stack.callback(call, self._loop, self.options.drain)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the app, if this client has opened it."""
        self._stack.close()
        self._loop = None

    def open_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the app. Raises GambrelError where the client is not open."""
        if self._loop is None or not self._loop.is_running():
            raise not_open("with Client(app) as client: ...")
        return self._loop

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; return once the answer has begun."""
        loop = self.open_loop()
        assert isinstance(request.stream, httpx2.SyncByteStream)
        stream = ResponseStream(loop, Conversation(self.options, request), request.stream)
        try:
            event = stream.next()
        except BaseException:
            stream.hang_up()
            raise
        return stream.conversation.respond(event, stream)


class ResponseStream(httpx2.SyncByteStream):
    """The answer to one request as it comes; asks the request body on in the meantime."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        conversation: Conversation,
        body: httpx2.SyncByteStream,
    ) -> None:
        self.conversation = conversation
        self._loop = loop
        self._body = body
        self._pieces: Iterator[bytes] | None = None
        self._events: deque[Event] = deque()

    def next(self) -> Head | bytes | End:
        """Return what the app sends next."""
        while True:
            while not self._events:
                self._events.extend(call(self._loop, self.conversation.advance))
            event = self._events.popleft()
            if not isinstance(event, Want):
                return event
            self._pieces = self._pieces or iter(self._body)
            self._loop.call_soon_threadsafe(self.conversation.feed, next(self._pieces, None))

    def hang_up(self) -> None:
        """Leave the app alone with the request."""
        call(self._loop, self.conversation.leave)

    def __iter__(self) -> Iterator[bytes]:
        while isinstance(event := self.next(), bytes):
            yield event
        self.conversation.check_end(event)

    def close(self) -> None:
        """End the exchange; an answer that was not read to its end is cancelled."""
        if not self.conversation.is_over:
            self.hang_up()
            self.conversation.check_cleanup()


class AsyncTransport(httpx2.AsyncBaseTransport):
    """Sends requests to an app on the running loop."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        loop = running_loop(self.options.app)
        self._loop = asyncio.get_running_loop()
        if loop is None:
            life = Life(self.options.app)
            await life.start()
            self._stack.push_async_callback(life.stop)
        elif loop is not self._loop:
            what = "the app is running on another event loop"
            hint = "close the client that runs it first, or make a second app"
            raise GambrelError("testing.other-loop", what, "AsyncClient", hint)
        self._stack.push_async_callback(self.options.drain)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the app, if this client has opened it."""
        await self._stack.aclose()
        self._loop = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request; return once the answer has begun."""
        if self._loop is not asyncio.get_running_loop():
            raise not_open("async with AsyncClient(app) as client: ...")
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        stream = AsyncResponseStream(Conversation(self.options, request), request.stream)
        try:
            event = await stream.next()
        except BaseException:
            await stream.conversation.leave()
            raise
        return stream.conversation.respond(event, stream)


class AsyncResponseStream(httpx2.AsyncByteStream):
    """The answer to one request as it comes; asks the request body on in the meantime."""

    def __init__(self, conversation: Conversation, body: httpx2.AsyncByteStream) -> None:
        self.conversation = conversation
        self._body = body
        self._pieces: AsyncIterator[bytes] | None = None
        self._events: deque[Event] = deque()

    async def next(self) -> Head | bytes | End:
        """Return what the app sends next."""
        while True:
            while not self._events:
                self._events.extend(await self.conversation.advance())
            event = self._events.popleft()
            if not isinstance(event, Want):
                return event
            self._pieces = self._pieces or aiter(self._body)
            self.conversation.feed(await anext(self._pieces, None))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while isinstance(event := await self.next(), bytes):
            yield event
        self.conversation.check_end(event)

    async def aclose(self) -> None:
        """End the exchange; an answer that was not read to its end is cancelled."""
        if not self.conversation.is_over:
            await self.conversation.leave()
            self.conversation.check_cleanup()


def not_open(hint: str) -> GambrelError:
    """Return the error of a client that is used before it was entered."""
    what = "the client is not open on this event loop, so the app is not running"
    return GambrelError("testing.not-open", what, "", hint)
