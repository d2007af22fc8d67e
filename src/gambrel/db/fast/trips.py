"""A query of SQLite by itself, in one trip to a thread, with whatever connection lies ready there.

Where more ask than there are connections, those would be handed from the thread to the loop and
back for each query; so one after the other uses the same, and the loop hears of them together.
`running.py` makes them.
"""

import asyncio
import threading
from typing import Any

from gambrel.db.connections.awaiting import ended
from gambrel.db.connections.pools import AsyncPool
from gambrel.db.fast.drivers import Answer, run_one
from gambrel.threads import WorkerPool

__all__ = ["Trip"]

PATIENCE = 0.05
"""Seconds that a statement has to end by itself when nobody waits for it any more."""


class Trip:
    """What is asked, and how it ended. `record` is a connection that was kept, for it failed."""

    __slots__ = (
        "answer",
        "error",
        "is_ended",
        "is_left",
        "lock",
        "over",
        "pool",
        "question",
        "record",
    )

    def __init__(self, pool: AsyncPool, question: tuple[str, Any, int]) -> None:
        self.pool = pool
        self.question = question
        self.answer: Answer | None = None
        self.error: BaseException | None = None
        self.record: Any = None
        self.is_ended = False
        self.is_left = False
        self.lock = threading.Lock()

    async def made(self, workers: WorkerPool) -> Answer | None:
        """Return the answer; None where no connection lies ready.

        What the statement raises is raised, with `record` set. Who is cancelled waits until its
        statement has ended, or was interrupted.
        """
        loop = asyncio.get_running_loop()
        self.over: asyncio.Future[None] = loop.create_future()
        workers.submit(self.finish, self.run)
        try:
            await self.over
        except asyncio.CancelledError:
            self.is_left = True
            if not self.is_ended:  # it may have in the same moment
                timer = loop.call_later(PATIENCE, self.interrupt)
                self.over = loop.create_future()
                await ended(self.over)
                timer.cancel()
            if self.record is not None:
                self.pool.give(self.record)
            self.pool.serve()
            raise
        self.pool.serve()
        if self.error is not None:
            raise self.error
        return self.answer

    def run(self) -> None:
        """Ask, in the thread."""
        record = None if self.is_left else self.pool.take_now()
        if record is None:
            return
        self.record = record
        try:
            self.answer = run_one(record.driver_connection.plain, *self.question)
        finally:
            with self.lock:
                if self.answer is not None:
                    self.record = None
        self.pool.lay(record)

    def finish(self, _result: None, error: BaseException | None) -> None:
        """Tell of the end, on the loop."""
        self.error, self.is_ended = error, True
        if not self.over.done():
            self.over.set_result(None)

    def interrupt(self) -> None:
        """End the statement, if it still runs: the connection may be another's by now."""
        with self.lock:
            if self.record is not None:
                self.record.driver_connection.interrupt_statement()
