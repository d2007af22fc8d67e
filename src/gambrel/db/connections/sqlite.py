"""Connections to SQLite: how they begin, and that nothing of them is left when they end.

`engines.py` opens them here. Sets no policy: who writes and who waits is decided there.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiosqlite

from gambrel.db.connections.awaiting import uninterrupted

__all__ = ["BUSY", "PRAGMAS", "Settled", "opener"]

BUSY = 5.0
"""Seconds that SQLite waits for the lock of another process."""
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {int(BUSY * 1000)}",
)
_CHUNK = 64
_PATIENCE = 0.05
"""Seconds that a statement has to end by itself when its connection is closed."""


class Settled(sqlite3.Connection):
    """A connection that rolls back as it closes.

    A statement that was not read to its end keeps a closed connection alive, and its lock held.
    """

    def close(self) -> None:
        """Close the connection."""
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


class AsyncConnection(aiosqlite.Connection):
    """The same for coroutines."""

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        """Add a function at once: a cancellation must not come between opening and keeping."""
        self._conn.create_function(*arguments, **options)

    async def close(self) -> None:
        """Close the connection, and end a statement that still runs for nobody.

        Not at once: where one has ended and was not read, ROLLBACK itself would be interrupted.
        """
        timer = asyncio.get_running_loop().call_later(_PATIENCE, self.interrupt_statement)
        try:
            await super().close()
        finally:
            timer.cancel()

    def interrupt_statement(self) -> None:
        """End what runs, if anything does."""
        if self._connection is not None:
            self._connection.interrupt()


def opener(
    file: Path, pragmas: Iterable[str], options: dict[str, Any]
) -> Callable[[], Coroutine[Any, Any, AsyncConnection]]:
    """Return what opens a connection, or leaves nothing open where it is cancelled meanwhile."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(file, factory=Settled, **options)

    async def opened() -> AsyncConnection:
        connection = AsyncConnection(connect, _CHUNK)
        connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does
        await connection
        try:
            for pragma in pragmas:
                await (await connection.execute(pragma)).close()
        except BaseException:
            await connection.close()
            raise
        return connection

    return lambda: uninterrupted(opened(), AsyncConnection.close)
