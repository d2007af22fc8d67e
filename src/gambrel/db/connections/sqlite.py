"""Connections to SQLite: how they begin, and that nothing of them is left when they end.

`engines.py` opens them here. Sets no policy: who writes and who waits is decided there.
"""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import aiosqlite

from gambrel.db.connections.awaiting import uninterrupted
from gambrel.threads import WorkerPool

__all__ = ["BUSY", "PRAGMAS", "Settled", "opener", "prepare"]

T = TypeVar("T")
BUSY = 5.0
"""Seconds that SQLite waits for the lock of another process."""
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {int(BUSY * 1000)}",
)
_PAUSE = 0.005
_CHUNK = 64
_ROWS = 100
"""Rows that come along with their statement."""
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


def prepare(connection: sqlite3.Connection, pragmas: Iterable[str]) -> None:
    """Set a connection up; in a thread, for it may wait.

    Where two processes meet in a new file, SQLite answers `journal_mode` with "database is locked"
    at once, whatever the timeout: one that waited for the other could wait forever. The loser of
    the two asks again.
    """
    until = time.monotonic() + BUSY
    for pragma in pragmas:
        while True:
            try:
                connection.execute(pragma).close()
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)


class Cursor:
    """A statement in one trip to the thread of its connection: BEGIN, the statement, its rows.

    A trip costs more than a small statement, and the driver makes four. Of many rows only the
    first come along.
    """

    arraysize = 1

    def __init__(self, connection: "AsyncConnection") -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._rows: deque[Any] = deque()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Any = ()) -> Self:
        """Run a statement."""
        await self._connection.in_thread(self._run, "execute", sql, parameters)
        return self

    async def executemany(self, sql: str, parameters: Any) -> Self:
        """Run a statement with many rows of values."""
        await self._connection.in_thread(self._run, "executemany", sql, parameters)
        return self

    def _run(self, method: str, sql: str, parameters: Any) -> None:
        connection = self._connection.plain
        if self._connection.begin_with:
            connection.execute(self._connection.begin_with)
            self._connection.begin_with = ""  # but not where that failed: the next one begins it
        cursor = connection.cursor()
        getattr(cursor, method)(sql, parameters)
        self.description = cursor.description
        self._rows = deque(cursor.fetchmany(_ROWS) if cursor.description else ())
        self.rowcount, self.lastrowid = cursor.rowcount, cursor.lastrowid
        if len(self._rows) < _ROWS:
            cursor.close()
        else:
            self._cursor = cursor

    async def fetchone(self) -> Any:
        """Return the next row, or None."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, as many as there are."""
        size = self.arraysize if size is None else size
        missing = size - len(self._rows)
        if missing > 0 and self._cursor is not None:
            self._rows += await self._connection.in_thread(self._cursor.fetchmany, missing)
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    async def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        if self._cursor is not None:
            self._rows += await self._connection.in_thread(self._cursor.fetchall)
        found = [*self._rows]
        self._rows.clear()
        return found

    async def close(self) -> None:
        """Leave the rows that nobody wants."""
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            await self._connection.in_thread(cursor.close)


class Jobs:
    """What one connection has to do, one after the other, in the threads of a pool.

    The driver has a thread for each connection, which costs two hand-overs for each statement; the
    pool has one for all statements of a turn of the loop.
    """

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._waiting: deque[tuple[asyncio.Future[Any] | None, Callable[[], Any]]] = deque()
        self._is_busy = False

    def put_nowait(self, job: tuple["asyncio.Future[Any] | None", Callable[[], Any]]) -> None:
        """Have a function called when those before have ended, its result in the future."""
        self._waiting.append(job)
        if not self._is_busy:
            self._next()

    def _next(self) -> None:
        self._is_busy = True
        future, call = self._waiting.popleft()
        self._pool.submit(partial(self._finish, future), call)

    def _finish(
        self, future: "asyncio.Future[Any] | None", result: Any, error: BaseException | None
    ) -> None:
        self._is_busy = False
        if self._waiting:
            self._next()
        if future is None or future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


class AsyncConnection(aiosqlite.Connection):
    """A connection for coroutines. `begin_with` is what its next statement begins with."""

    begin_with = ""

    def __init__(self, connector: Callable[[], sqlite3.Connection], pool: WorkerPool) -> None:
        super().__init__(connector, _CHUNK)
        self._tx: Any = Jobs(pool)

    def __await__(self) -> Generator[Any, None, Self]:
        """Open it; without the thread of the driver."""
        return cast("Coroutine[Any, Any, Self]", self._connect()).__await__()

    @property
    def plain(self) -> sqlite3.Connection:
        """The connection itself, for its thread."""
        return self._conn

    async def in_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        """Call something in the thread of the connection.

        The driver logs what it is given: a function has no values that could be read there.
        """
        work: Callable[[], T] = lambda: call(*arguments)  # noqa: E731
        result: T = await self._execute(work)  # type: ignore[no-untyped-call]
        return result

    async def run(self, call: Callable[..., T], *arguments: Any) -> T:
        """Call something with the connection itself, in its thread, within its transaction."""
        return await self.in_thread(self._begin_and, call, arguments)

    def _begin_and(self, call: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        begin, self.begin_with = self.begin_with, ""
        if begin:
            self._conn.execute(begin)
        return call(self._conn, *arguments)

    def cursor(self) -> Cursor:  # type: ignore[override]  # all that SQLAlchemy uses of one
        """Return a cursor, for which nobody has to wait."""
        return Cursor(self)

    async def commit(self) -> None:
        """Commit, if anything has begun."""
        await self._finish("commit")

    async def rollback(self) -> None:
        """Roll back, if anything has begun."""
        await self._finish("rollback")

    def is_in_transaction(self) -> bool:
        """Whether there is something to roll back, begun or about to begin."""
        return bool(self.begin_with) or (self._connection is not None and self.in_transaction)

    async def _finish(self, method: str) -> None:
        if self.begin_with:
            self.begin_with = ""
        elif self._conn.in_transaction:
            await self.in_thread(getattr(self._conn, method))

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
            with suppress(sqlite3.ProgrammingError):  # its thread has closed it by now
                self._connection.interrupt()


def opener(
    file: Path,
    pragmas: Iterable[str],
    options: dict[str, Any],
    pool: Callable[[], WorkerPool],
) -> Callable[[], Coroutine[Any, Any, AsyncConnection]]:
    """Return what opens a connection, or leaves nothing open where it is cancelled meanwhile.

    `pool` gives the threads that it works in.
    """

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(file, factory=Settled, **options)

    async def opened() -> AsyncConnection:
        connection = AsyncConnection(connect, pool())
        await connection
        try:
            await connection.in_thread(prepare, connection.plain, pragmas)
        except BaseException:
            await connection.close()
            raise
        return connection

    return lambda: uninterrupted(opened(), AsyncConnection.close)
