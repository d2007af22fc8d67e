"""Request bodies on their way: `Sized` and `Chunked` off the wire, `BodyStream` to the handler.

The reader feeds a framing with what it receives and the stream with what comes out. Chunks are
decoded by httptools. Nothing here knows a connection beyond pausing and resuming it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import httptools

__all__ = ["BodyStream", "Chunked", "Framing", "MalformedBody", "Sized"]

# What chunk sizes, extensions and trailers may take: a chunk of one byte takes six.
_OVERHEAD = 16 * 1024
_OVERHEAD_PER_BYTE = 8
_HEAD = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"


class MalformedBody(Exception):
    """The framing of a body is broken: where the next message starts is unknown."""


class Framing(Protocol):
    """Takes the bytes of one body off the wire."""

    is_complete: bool

    def feed(self, data: bytes) -> tuple[list[bytes], int]:
        """Return the content in `data`, and how much of it was the body's. Raises MalformedBody."""
        ...


class Sized:
    """A body of `length` bytes."""

    __slots__ = ("is_complete", "remaining")

    def __init__(self, length: int) -> None:
        self.remaining = length
        self.is_complete = False

    def feed(self, data: bytes) -> tuple[list[bytes], int]:
        """Return the content in `data`, and how much of it was the body's."""
        piece = data[: self.remaining]
        self.remaining -= len(piece)
        self.is_complete = not self.remaining
        return [piece] if piece else [], len(piece)


class Chunked:
    """A chunked body (RFC 9112 §7.1); extensions and trailers are read over.

    httptools does not say where a message ended, and goes on with the next one. A chunked body
    can only end with the first blank line behind a line that starts with 0, so it is fed up to one
    such at a time. Its parser is told a head of ours: that of the message was judged before,
    upgrades included.
    """

    __slots__ = ("_feed", "_may_end", "_overhead", "_pieces", "_tail", "is_complete")

    def __init__(self) -> None:
        self.is_complete = False
        self._pieces: list[bytes] = []
        self._overhead = 0
        self._tail = b""
        self._may_end = True  # its first line may start with 0
        self._feed = httptools.HttpRequestParser(self).feed_data
        self._feed(_HEAD)

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of content (a callback of the parser)."""
        self._pieces.append(piece)
        self._overhead -= len(piece) * (_OVERHEAD_PER_BYTE + 1)

    def on_message_complete(self) -> None:
        """Note the end (a callback of the parser)."""
        self.is_complete = True

    def feed(self, data: bytes) -> tuple[list[bytes], int]:
        """Return the content in `data`, and how much of it was the body's. Raises MalformedBody."""
        window = self._tail + data
        start = fed = len(self._tail)
        while fed < len(window) and not self.is_complete:
            until = self.safe_end(window, fed)
            self._overhead += until - fed
            try:
                self._feed(window[fed:until])
            except httptools.HttpParserError as error:
                raise MalformedBody(str(error)) from None
            if self._overhead > _OVERHEAD:
                self.is_complete = False
                raise MalformedBody("the chunks are all extension and no content")
            fed = until
        self._tail = window[-3:]
        pieces, self._pieces = self._pieces, []
        return pieces, fed - start

    def safe_end(self, window: bytes, fed: int) -> int:
        """Return how far the parser can be fed without going past the end of the body."""
        after = max(0, fed - 3)
        if not self._may_end:
            zero = window.find(b"\n0", max(0, fed - 1))
            if zero < 0:
                return len(window)
            self._may_end, after = True, zero
        blank = window.find(b"\r\n\r\n", after)
        if blank < 0:
            return len(window)
        self._may_end = False
        return blank + 4


class BodyStream:
    """A body the handler iterates while it arrives; reading pauses when `limit` bytes wait.

    `length` bytes are announced, None where it is chunked; `received` bytes have come. Iterating
    raises what `fail` was told: `ClientGone`, or the error the client is to be answered with.
    """

    __slots__ = (
        "_buffered",
        "_failure",
        "_limit",
        "_pieces",
        "_throttle",
        "_waiter",
        "is_complete",
        "is_discarded",
        "length",
        "on_demand",
        "received",
    )

    def __init__(self, length: int | None, limit: int, throttle: Callable[[bool], None]) -> None:
        self.length = length
        self.is_complete = False
        self.is_discarded = False
        self.received = 0
        self.on_demand: Callable[[], None] | None = None
        self._limit = limit
        self._throttle = throttle
        self._pieces: deque[bytes] = deque()
        self._buffered = 0
        self._failure: tuple[type[Exception], str] | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def announced(self) -> int:
        """What is refused unsent where it is too much; 0 where nothing is announced."""
        return self.length or 0

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for the next piece."""
        return self._waiter is not None

    @property
    def has_failed(self) -> bool:
        """Whether it will never be complete."""
        return self._failure is not None

    def feed(self, pieces: list[bytes]) -> None:
        """Add what has arrived."""
        size = sum(map(len, pieces))
        self.received += size
        if self.is_discarded or not pieces:
            return
        self._pieces.extend(pieces)
        self._buffered += size
        if self._buffered > self._limit:
            self._throttle(True)
        self._wake()

    def end(self) -> None:
        """Say that all has arrived."""
        self.is_complete = True
        self._wake()

    def fail(self, kind: type[Exception], why: str) -> None:
        """Say that the rest will not arrive; what has arrived is still read.

        Each reader gets an error of its own: a shared one would collect their frames, which hold
        this stream.
        """
        if not self.is_complete and self._failure is None:
            self._failure = kind, why
            self._wake()

    def discard(self) -> None:
        """Drop what is here and what is to come: nobody reads it any more."""
        self.is_discarded = True
        self._pieces.clear()
        self._buffered = 0
        self._throttle(False)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.on_demand is not None:
            demand, self.on_demand = self.on_demand, None
            demand()
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._buffered -= len(piece)
                if self._buffered <= self._limit // 2:
                    self._throttle(False)
                yield piece
            if self.is_complete:
                return
            if self._failure is not None:
                kind, why = self._failure
                raise kind(why)
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
