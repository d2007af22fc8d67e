"""A transaction that many units of work share and that is undone at the end: for tests alone.

`Database` asks it for connections while a test has put one in. Knows engines.
"""

import asyncio
import threading
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import ORMExecuteState

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.threads import in_thread
from gambrel.db.connections.engines import Engines
from gambrel.db.failures import only_reads
from gambrel.db.sessions import SyncSession

__all__ = ["JOINED", "Trial", "hold_to_reading"]

JOINED: dict[str, Any] = {"join_transaction_mode": "create_savepoint"}
"""How a session takes part: its commit is the end of a savepoint."""


class Trial:
    """One transaction for async sessions and one for plain ones, each begun when first needed."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.lock = asyncio.Lock()
        self.plain_lock = threading.Lock()
        self.connection: AsyncConnection | None = None
        self.plain: Connection | None = None

    async def for_async(self) -> AsyncConnection:
        """Return the connection of async sessions, in its transaction."""
        async with self.lock:
            if self.connection is None:
                self.see_one_writer(self.plain)
                self.connection = await self.engines.writer.connect()
                await self.connection.begin()
            return self.connection

    def for_plain(self) -> Connection:
        """Return that of plain sessions; in a thread."""
        with self.plain_lock:
            if self.plain is None:
                self.see_one_writer(self.connection)
                self.plain = self.engines.plain_writer.connect()
                self.plain.begin()
            return self.plain

    def see_one_writer(self, other: Any) -> None:
        """Raise GambrelError where the other kind of sessions has begun to write to SQLite."""
        if other is not None and self.engines.is_sqlite:
            what = (
                "both kinds of sessions write in a test that is undone, and SQLite has one writer"
            )
            hint = "let the handlers be all `async def` or all `def`, or test on PostgreSQL"
            raise GambrelError("db.trial", what, "rolled_back()", hint)

    async def close(self) -> None:
        """Undo everything."""
        try:
            if self.connection is not None:
                await self.connection.rollback()
                await self.connection.close()
        finally:
            if self.plain is not None:
                await in_thread(self.plain.rollback)
                await in_thread(self.plain.close)


def hold_to_reading(session: SyncSession) -> None:
    """Have a session write nothing, as outside of a trial the database would see to it."""
    event.listen(session, "before_flush", refuse_flush)
    event.listen(session, "do_orm_execute", refuse_statement)


def refuse_flush(session: Any, _context: Any, _objects: Any) -> None:
    """Raise GambrelError where rows have changed."""
    if session.new or session.deleted or any(map(session.is_modified, session.dirty)):
        raise only_reads()


def refuse_statement(state: ORMExecuteState) -> None:
    """Raise GambrelError for a statement that changes rows."""
    if state.is_insert or state.is_update or state.is_delete:
        raise only_reads()
