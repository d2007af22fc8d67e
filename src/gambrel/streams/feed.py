"""`Feed`: what is published is kept for a while, and any number read on from where they were.

Long polls, server-sent events and WebSockets read the same feed. It is that of one process.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from itertools import count
from typing import Generic, TypeVar

from msgspec import Struct

from gambrel.core.http.request import Request
from gambrel.streams.events import ServerSentEvent

__all__ = ["Entry", "Feed"]

T = TypeVar("T")


class Entry(Struct, Generic[T], frozen=True):
    """A published value and its id: a cursor that readers come back with."""

    id: str
    value: T


class Feed(Generic[T]):
    """The last `keep` values that were published, and those who wait for the next.

    Readers have no queue of their own: one that is slower than `keep` values misses the oldest. An
    id that is not known any more, or was another process's, counts as none.

    Raises ValueError where nothing is to be kept.
    """

    def __init__(self, keep: int = 200) -> None:
        if keep < 1:
            raise ValueError(f"a feed keeps one value at least, not {keep}")
        self.entries: deque[Entry[T]] = deque(maxlen=keep)
        self.waiting: set[asyncio.Future[None]] = set()
        self._epoch = os.urandom(4).hex()
        self._numbers = count(1)

    def publish(self, value: T, id: str | None = None) -> Entry[T]:  # noqa: A002 - as it is read
        """Keep a value, wake whoever waits, and return it with its id; on the event loop.

        `id` is one of your own, which no other value has.
        """
        entry = Entry(f"{self._epoch}-{next(self._numbers)}" if id is None else id, value)
        self.entries.append(entry)
        for waiter in self.waiting:
            if not waiter.done():
                waiter.set_result(None)
        return entry

    def since(self, cursor: str = "") -> list[Entry[T]]:
        """Return what was published after an id; all there is where that is not known."""
        found = list(self.entries)
        for place in range(len(found) - 1, -1, -1):
            if found[place].id == cursor:
                return found[place + 1 :]
        return found

    async def after(self, cursor: str = "", timeout: float = 25.0) -> list[Entry[T]]:
        """Return what was published after an id, waiting for it: a long poll.

        Empty where nothing came for `timeout` seconds.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not (found := self.since(cursor)):
                    await self._change()
                return found
        return []

    async def subscribe(self, cursor: str | None = None) -> AsyncIterator[Entry[T]]:
        """Yield what is published after an id, or by default from now on, until nobody reads."""
        if cursor is None:
            cursor = self.entries[-1].id if self.entries else ""
        while True:
            for entry in self.since(cursor):
                cursor = entry.id
                yield entry
            if (self.entries and self.entries[-1].id == cursor) or not self.entries:
                await self._change()

    async def events(
        self, request: Request | None = None, *, event: str = ""
    ) -> AsyncIterator[ServerSentEvent]:
        """Yield the same as server-sent events; a browser that comes again gets what it missed."""
        last = request.headers.get("last-event-id") if request is not None else None
        async for entry in self.subscribe(last):
            yield ServerSentEvent(entry.value, event=event, id=entry.id)

    async def _change(self) -> None:
        """Return at the next publication."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.add(waiter)
        try:
            await waiter
        finally:
            self.waiting.discard(waiter)

    def __iter__(self) -> Iterator[Entry[T]]:
        return iter(list(self.entries))
