"""A transaction that many units of work share and that is undone at the end: for tests alone.

`Database` asks it for connections while a test has put one in. Knows engines.
"""

import asyncio
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from gambrel.core.http.threads import in_thread
from gambrel.db.connections.engines import Engines

__all__ = ["JOINED", "Trial"]

JOINED: dict[str, Any] = {"join_transaction_mode": "create_savepoint"}
"""How a session takes part: its commit is the end of a savepoint."""


class Trial:
    """One transaction for async sessions and one for plain ones, each begun when first needed."""

    def __init__(self, engines: Engines) -> None:
        self.engines = engines
        self.lock = asyncio.Lock()
        self.connection: AsyncConnection | None = None
        self.plain: Connection | None = None

    async def for_async(self) -> AsyncConnection:
        """Return the connection of async sessions, in its transaction."""
        async with self.lock:
            if self.connection is None:
                self.connection = await self.engines.writer.connect()
                await self.connection.begin()
            return self.connection

    async def for_plain(self) -> Connection:
        """Return that of plain sessions."""
        async with self.lock:
            if self.plain is None:
                self.plain = await in_thread(self.engines.plain_writer.connect)
                await in_thread(self.plain.begin)
            return self.plain

    async def close(self) -> None:
        """Undo everything."""
        if self.connection is not None:
            await self.connection.rollback()
            await self.connection.close()
        if self.plain is not None:
            await in_thread(self.plain.rollback)
            await in_thread(self.plain.close)
