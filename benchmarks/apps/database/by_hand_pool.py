"""Connections to PostgreSQL by hand, by the rules that Gambrel keeps.

Ten at most; who finds none free waits, two seconds at most, in line. One that has lain idle for a
second is tried before it is used; one that broke, or whose statement was left, is closed. A query
alone needs no transaction; several statements have one.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from gambrel.core.http.errors import ServiceUnavailable

WAIT, FRESH = 2.0, 1.0
OPTIONS = {"connect_timeout": 2, "options": "-c statement_timeout=30000", "autocommit": True}


class Pool:
    def __init__(self, url: str, size: int) -> None:
        self.url = url
        self.size = size
        self.opened = 0
        self.free: list[tuple[psycopg.AsyncConnection, float]] = []
        self.waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> psycopg.AsyncConnection:
        while not self.free and self.opened >= self.size:
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            try:
                async with asyncio.timeout(WAIT):
                    await turn
            except TimeoutError as error:
                raise ServiceUnavailable("no connection is free") from error
        if self.free:
            connection, since = self.free.pop()
            if time.monotonic() - since < FRESH or await self.is_alive(connection):
                return connection
        return await self.open()

    async def open(self) -> psycopg.AsyncConnection:
        self.opened += 1
        try:
            return await psycopg.AsyncConnection.connect(self.url, **OPTIONS)
        except BaseException:
            self.opened -= 1
            raise

    async def is_alive(self, connection: psycopg.AsyncConnection) -> bool:
        try:
            await connection.execute("")
        except psycopg.Error:
            self.opened -= 1
            await connection.close()
            return False
        return True

    async def give(self, connection: psycopg.AsyncConnection, *, broken: bool) -> None:
        if broken or connection.closed:
            self.opened -= 1
            await connection.close()
        else:
            self.free.append((connection, time.monotonic()))
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                break

    async def rows(self, sql: str, values: tuple = ()) -> list[tuple]:
        """The rows of a query alone."""
        connection, broken = await self.take(), True
        try:
            cursor = await connection.execute(sql, values)
            found = await cursor.fetchall()
            broken = False
            return found
        except psycopg.Error:
            broken = False
            raise
        finally:
            await self.give(connection, broken=broken)

    @asynccontextmanager
    async def transaction(self, begin: str) -> AsyncIterator[psycopg.AsyncConnection]:
        """A transaction of several statements."""
        connection, broken = await self.take(), True
        try:
            await connection.execute(begin)
            yield connection
            await connection.execute("COMMIT")
            broken = False
        except psycopg.Error:
            await connection.execute("ROLLBACK")
            broken = False
            raise
        finally:
            await self.give(connection, broken=broken)
