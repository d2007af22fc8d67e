"""`Feed`: what is published is kept for a while, and any number read on from where they were.

Long polls, server-sent events and WebSockets read the same feed. It is that of one process.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gambrel.core.http.errors import BadRequest
from gambrel.core.http.request import Request
from gambrel.streams.events import ServerSentEvent

__all__ = ["Entry", "Feed"]

T = TypeVar("T")
_BREAKS = frozenset("\r\n\0")


class Entry(Struct, Generic[T], frozen=True, omit_defaults=True):
    """A published value and its id: a cursor that readers come back with.

    `gap` says that its reader has missed values before it, which are not kept any more.
    """

    id: str
    value: T
    gap: bool = False


class Feed(Generic[T]):
    """The last `keep` values that were published, and those who wait for the next.

    Readers hold one value at a time: one that is slower than `keep` values misses the oldest, and
    the first it gets after them has `gap`. An id that is not known any more, or was another
    process's, is one whose values were missed.

    Raises ValueError where nothing is to be kept.
    """

    def __init__(self, keep: int = 200) -> None:
        if keep < 1:
            raise ValueError(f"a feed keeps one value at least, not {keep}")
        self.keep = keep
        self.waiting: set[asyncio.Future[None]] = set()
        self._epoch = os.urandom(4).hex()
        self._ring: list[Entry[T]] = []
        self._numbers: dict[str, int] = {}
        self._end = 0

    def publish(self, value: T, id: str | None = None) -> Entry[T]:  # noqa: A002 - as it is read
        """Keep a value, wake whoever waits, and return it with its id; on the event loop.

        `id` is one of your own, which no other value has. Raises ValueError where it is empty, or
        has a line break or NUL, which a stream of events cannot carry (WHATWG HTML §9.2.6).
        """
        if id is not None and not is_id(id):
            raise ValueError(f"id {id!r} of an event is empty, or has a line break or NUL")
        number = self._end
        entry = Entry(f"{self._epoch}-{number + 1}" if id is None else id, value)
        if number < self.keep:
            self._ring.append(entry)
        else:
            lost = self._ring[number % self.keep].id
            if self._numbers[lost] == number - self.keep:  # else it was used again
                del self._numbers[lost]
            self._ring[number % self.keep] = entry
        self._numbers[entry.id] = number
        self._end += 1
        for waiter in self.waiting:
            if not waiter.done():
                waiter.set_result(None)
        return entry

    def since(self, cursor: str = "") -> list[Entry[T]]:
        """Return what was published after an id; all there is where that is not known.

        Raises BadRequest for what can be no id.
        """
        number, gap = self._place(cursor)
        found = [self._ring[place % self.keep] for place in range(number, self._end)]
        return [replace(found[0], gap=True), *found[1:]] if gap and found else found

    async def after(self, cursor: str = "", timeout: float = 25.0) -> list[Entry[T]]:
        """Return what was published after an id, waiting for it: a long poll.

        Its route says `waits=True`, or 256 of them are all that a worker takes on.
        Empty where nothing came for `timeout` seconds. Raises BadRequest for what can be no id.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not (found := self.since(cursor)):
                    await self._change()
                return found
        return []

    def subscribe(self, cursor: str | None = None) -> AsyncIterator[Entry[T]]:
        """Yield what is published after an id, or by default from now on, until nobody reads.

        Raises BadRequest for what can be no id.
        """
        return self._read(*((self._end, False) if cursor is None else self._place(cursor)))

    def events(
        self, request: Request | None = None, *, event: str = ""
    ) -> AsyncIterator[ServerSentEvent]:
        """Yield the same as server-sent events; a browser that comes again gets what it missed.

        Where that is not kept any more, an event `gap` comes first. Raises BadRequest for a
        `Last-Event-ID` that can be none, and ValueError where `event` has a line break or NUL.
        """
        ServerSentEvent(event=event)
        last = None if request is None else request.headers.get("last-event-id")
        return self._events(self.subscribe(None if last is None else from_header(last)), event)

    async def _events(
        self, entries: AsyncIterator[Entry[T]], event: str
    ) -> AsyncIterator[ServerSentEvent]:
        async for entry in entries:
            if entry.gap:
                yield ServerSentEvent("values were missed", event="gap")
            yield ServerSentEvent(entry.value, event=event, id=entry.id)

    async def _read(self, number: int, gap: bool) -> AsyncIterator[Entry[T]]:
        """Yield one value after the other, from a number on."""
        while True:
            while number == self._end:
                await self._change()
            if number < self._oldest:
                number, gap = self._oldest, True
            entry = self._ring[number % self.keep]
            yield replace(entry, gap=True) if gap else entry
            number, gap = number + 1, False

    @property
    def _oldest(self) -> int:
        """The number of the oldest value that is kept."""
        return self._end - len(self._ring)

    def _place(self, cursor: str) -> tuple[int, bool]:
        """Return the number that follows an id, and whether values before it were missed."""
        if not cursor:
            return self._oldest, False
        if not is_id(cursor):
            raise BadRequest("This is no id of an event.")
        number = self._numbers.get(cursor)
        return (self._oldest, True) if number is None else (number + 1, False)

    async def _change(self) -> None:
        """Return at the next publication."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.add(waiter)
        try:
            await waiter
        finally:
            self.waiting.discard(waiter)

    def __iter__(self) -> Iterator[Entry[T]]:
        return iter(self.since())


def is_id(text: str) -> bool:
    """Say whether an event can have this id, and a browser come back with it."""
    return text != "" and _BREAKS.isdisjoint(text)


def from_header(value: str) -> str:
    """Return the id in a `Last-Event-ID`, which is UTF-8 in bytes. Raises BadRequest."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        raise BadRequest("Last-Event-ID is not UTF-8.") from None
