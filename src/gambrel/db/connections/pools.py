"""The pool of async connections: who comes first is served first, and needs no greenlet to wait.

`engines.py` makes engines with it. What runs on the driver itself takes connections by `take` and
`give`, all others by SQLAlchemy; they wait in one line.
"""

import asyncio
import time
from collections import deque
from typing import Any

from sqlalchemy import exc
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util.concurrency import await_only
from sqlalchemy.util.queue import Empty, Full, QueueCommon

__all__ = ["CHECKED", "FRESH", "STANDS_IN", "AsyncPool", "Line"]

FRESH = 1.0
"""Seconds for which a connection that was given back is taken for a good one."""
CHECKED = "gambrel.given_back"
STANDS_IN = "gambrel.replaces_until"
"""Noted of a connection to the primary that was opened where no replica has answered."""


class Line(QueueCommon[Any]):
    """Connections that lie ready, and who waits for one, in line.

    One that is given back is handed to whoever has waited longest: SQLAlchemy's own queue wakes
    him, and whoever asks before he has run takes it. Where more ask than there are connections, he
    would wait until he is refused.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:
        self.maxsize = maxsize
        self.use_lifo = use_lifo
        self.ready: deque[Any] = deque()
        self.waiting: deque[asyncio.Future[Any]] = deque()

    def empty(self) -> bool:
        """Whether none lies ready."""
        return not self.ready

    def full(self) -> bool:
        """Whether no further one may lie ready."""
        return 0 < self.maxsize <= len(self.ready)

    def qsize(self) -> int:
        """Return how many lie ready."""
        return len(self.ready)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Hand one over to the first in line, or lay it ready."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(item)
                return
        if self.full():
            raise Full
        self.ready.append(item)

    def put_nowait(self, item: Any) -> None:
        """The same."""
        self.put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return one, in a greenlet where that means to wait. Raises Empty."""
        if self.ready or not block:
            return self.get_nowait()
        return await_only(self.turn(timeout))

    def get_nowait(self) -> Any:
        """Return one that lies ready. Raises Empty."""
        if not self.ready:
            raise Empty
        return self.ready.popleft()

    async def turn(self, timeout: float | None) -> Any:
        """Wait in line, and return one. Raises Empty after so many seconds."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        while self.waiting and self.waiting[0].done():
            self.waiting.popleft()  # gone long ago
        self.waiting.append(turn)
        timer = None if timeout is None else loop.call_later(timeout, give_up, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came too late for this one
                self.put(turn.result())
            raise
        finally:
            if timer is not None:
                timer.cancel()


def give_up(turn: "asyncio.Future[Any]") -> None:
    """Have who waits go without."""
    if not turn.done():
        turn.set_exception(Empty())


class AsyncPool(AsyncAdaptedQueuePool):
    """SQLAlchemy's, with a line of ours."""

    _queue_class = Line

    @property
    def line(self) -> Line:
        """Those that lie ready, and who waits."""
        line: Line = self._pool  # type: ignore[assignment]  # of the class above
        return line

    def has_fresh(self) -> bool:
        """Whether the next connection is there, and needs neither a test nor to be replaced."""
        ready = self.line.ready
        return bool(ready) and self.is_fresh(ready[0])

    async def take(self) -> Any:
        """Return what holds a connection once one is ready; `give` it back.

        None where the next has to be opened, tested or replaced, which is left to SQLAlchemy: ask
        it at once. Raises TimeoutError of SQLAlchemy, as it does.
        """
        line = self.line
        if line.ready:
            record = line.ready.popleft()
        elif self._overflow < self._max_overflow:
            return None
        else:
            try:
                record = await line.turn(self._timeout)
            except Empty:
                what = f"no connection has become free within {self._timeout} seconds"
                raise exc.TimeoutError(what) from None
        if self.is_fresh(record):
            return record
        line.ready.appendleft(record)
        return None

    def give(self, record: Any) -> None:
        """Give back a connection that is good."""
        record.info[CHECKED] = time.monotonic()
        self.line.put(record)

    def take_now(self) -> Any:
        """Return what lies ready and may be used, or None; in a thread, too. `lay` it back."""
        try:
            record = self.line.ready.popleft()
        except IndexError:
            return None
        if self.is_fresh(record):
            return record
        self.lay(record)
        return None

    def lay(self, record: Any) -> None:
        """Lay back what was taken; on the loop somebody has to `serve` then."""
        self.line.ready.appendleft(record)

    def serve(self) -> None:
        """Hand what lies ready to those who wait: they came when it was in a thread."""
        line = self.line
        while line.waiting and line.ready:
            line.put(line.ready.popleft())

    def leave(self, record: Any) -> None:
        """Give back one that may not be good: whoever asks SQLAlchemy at once gets it."""
        record.info[CHECKED] = time.monotonic()  # to test it is not what is wanted now
        self.line.ready.appendleft(record)

    def is_fresh(self, record: Any) -> bool:
        """Whether a connection needs neither a test nor to be replaced."""
        began = record.starttime
        if record.dbapi_connection is None or began <= max(
            self._invalidate_time,
            record._soft_invalidate_time,  # noqa: SLF001 - as it asks itself
        ):
            return False
        if self._recycle < 0:  # a file: no server goes away, or ends what is old
            return True
        info = record.info
        return (
            time.monotonic() - info.get(CHECKED, 0.0) < FRESH
            and time.time() - began < self._recycle
            and STANDS_IN not in info
        )
