"""One request of a test client in the terms of httpx2: scope, answer, time-outs and errors.

The transports use it on both sides of a thread: coroutines run on the app's loop, the rest where
the test runs.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import httpx2

from gambrel.core.http.types import Scope
from gambrel.testing.exchange import End, Event, Exchange, Head

__all__ = ["Conversation", "Options"]

_GRACE = 5.0


class Options:
    """What a transport is told, and the requests it has open.

    `peer` is the address of the client that the app sees, `root_path` where it is mounted.
    """

    def __init__(
        self,
        app: Any,
        *,
        raise_server_errors: bool = True,
        peer: tuple[str, int] = ("127.0.0.1", 50_000),
        root_path: str = "",
    ) -> None:
        self.app = app
        self.raise_server_errors = raise_server_errors
        self.peer = peer
        self.root_path = root_path
        self.open: set[asyncio.Task[None]] = set()

    def scope(self, request: httpx2.Request) -> Scope:
        """Return the ASGI scope of a request; its target and header lines stay as they are."""
        url = request.url
        target: bytes = request.extensions.get("target", url.raw_path)
        raw_path, _, query = target.partition(b"?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.5"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": unquote(raw_path.decode("latin-1")),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": self.root_path,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": self.peer,
            "server": (url.host, url.port or (443 if url.scheme == "https" else 80)),
            "extensions": {},
        }

    async def drain(self) -> None:
        """Wait for the requests that run on after their client has left; cancel them in the end."""
        if self.open:
            _, late = await asyncio.wait(self.open, timeout=_GRACE)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=_GRACE)


class Conversation:
    """A request on its way and the answer to it."""

    def __init__(self, options: Options, request: httpx2.Request) -> None:
        self.is_over = False
        self._options = options
        self._request = request
        self._exchange: Exchange | None = None
        self._head: Head | None = None
        self._timeout: float | None = request.extensions.get("timeout", {}).get("read")

    # On the app's loop ----------------------------------------------------------------------

    async def advance(self) -> Sequence[Event]:
        """Return what happens next; the first call sends the request. Raises ReadTimeout."""
        exchange = self._exchange or self._start()
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                events = await exchange.take()
                for event in events:
                    if isinstance(event, Head):
                        await self._meet(event, exchange)
        except TimeoutError:
            if not limit.expired():  # it is the app's
                raise
            request = self._request
            what = f"{request.method} {request.url.path}: nothing came for {self._timeout} s"
            raise httpx2.ReadTimeout(what, request=request) from None
        return events

    def _start(self) -> Exchange:
        try:
            body: bytes | None = self._request.content
        except httpx2.RequestNotRead:
            body = None
        options = self._options
        self._exchange = exchange = Exchange(options.app, options.scope(self._request), body)
        options.open.add(exchange.task)
        exchange.task.add_done_callback(options.open.discard)
        return exchange

    async def _meet(self, head: Head, exchange: Exchange) -> None:
        """Look at the head of an answer. Raises the error it answers, where asked to."""
        self._head = head
        error = exchange.reported
        if head.status >= 500 and self._options.raise_server_errors and error is not None:
            while not exchange.task.done():  # its middleware and clean-up come to their end
                await exchange.take()
            raise error

    def feed(self, piece: bytes | None) -> None:
        """Hand a piece of the request body to the app; None is its end."""
        if self._exchange is not None:
            self._exchange.feed(piece)

    async def leave(self) -> None:
        """Hang up."""
        self.is_over = True
        if self._exchange is not None:
            await self._exchange.leave()

    # Where the test runs --------------------------------------------------------------------

    def respond(
        self, event: Head | bytes | End, stream: httpx2.SyncByteStream | httpx2.AsyncByteStream
    ) -> httpx2.Response:
        """Return the answer that begins with `event`, and continues in `stream`."""
        if isinstance(event, Head):
            extensions = {"http_version": b"HTTP/1.1"}
            return httpx2.Response(
                event.status, headers=event.headers, stream=stream, extensions=extensions
            )
        assert isinstance(event, End)  # no piece comes before the head
        self.check_end(event)
        return httpx2.Response(500, text="Internal Server Error")  # as servers answer then

    def check_end(self, event: Head | bytes | End) -> None:
        """Raise what the app raised in the end, or what a socket would have made of it."""
        self.is_over = True
        assert isinstance(event, End)  # there is one head, and no piece after the end
        self._raise(event.error)
        if self._head is not None and not event.is_complete:
            what = "the app broke off its answer"
            raise httpx2.RemoteProtocolError(what, request=self._request) from event.error

    def check_cleanup(self) -> None:
        """Raise what the app raised when its client had left."""
        if self._exchange is not None:
            self._raise(self._exchange.error)

    def _raise(self, error: BaseException | None) -> None:
        is_exit = not isinstance(error, Exception)  # such as pytest.fail() in a handler
        if error is not None and (self._options.raise_server_errors or is_exit):
            raise error
