"""Sessions of visitors in a database: a store for `Sessions(store=SessionStore())`.

It keeps a connection pool of its own, so that what is remembered of a visitor does not wait for the
transaction of a request, nor go with it when that is rolled back.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gambrel.checks import Problem
from gambrel.core.http.errors import GambrelError, ServiceUnavailable
from gambrel.db.extension import Database
from gambrel.db.models import NAMING
from gambrel.db.sessions import AsyncSession

__all__ = ["SessionStore"]

SWEEP = 100
"""Of so many new sessions one takes away those that have ended."""

TABLES = MetaData(naming_convention=NAMING)
RECORDS = Table(
    "session_record",
    TABLES,
    Column("key", String(64), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)
VALUES = Table(
    "session_value",
    TABLES,
    Column("key", ForeignKey(RECORDS.c.key, ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column(
        "raw", LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"), nullable=False
    ),
)


class SessionStore:
    """Keeps sessions at `url`, in two tables that it makes by itself.

    A relative file of SQLite is in the folder of the setting `instance`, and is not that of another
    `Database`: a session is kept while the transaction of its request is open. Further `settings`
    are those of `DatabaseSettings`. All methods raise ServiceUnavailable where the database does
    not answer.
    """

    def __init__(
        self,
        url: str = "sqlite:///sessions.db",
        *,
        clock: Callable[[], float] = time.time,
        **settings: Any,
    ) -> None:
        self._database = Database(url, metadata=TABLES, create=True, **settings)
        self._clock = clock
        self._opening: asyncio.Task[None] | None = None
        self._open: AsyncExitStack | None = None

    def prepare(self, setup: Any) -> None:
        """Keep its file where the app has its own; `Sessions` calls it."""
        self._database.folder = setup.settings.core.instance
        setup.check(self.check_file)

    def check_file(self, app: Any) -> Iterator[Problem]:
        """Yield that another database has the same file: SQLite has one writer."""
        own = self._database.address.file
        for other in app.extensions:
            if own and isinstance(other, Database) and other.address.file == own:
                what = (
                    f"sessions are in the file of a database, {own.name}: both would write at once"
                )
                hint = 'a file of its own: SessionStore("sqlite:///sessions.db")'
                yield Problem("db.shared-file", what, hint)

    async def load(self, key: str) -> Mapping[str, bytes] | None:
        """Return a record."""
        lives = (RECORDS.c.key == key, RECORDS.c.until > self._now())
        async with self._unit(read_only=True) as db:
            found = await db.execute(
                select(VALUES.c.name, VALUES.c.raw).join(RECORDS).where(*lives)
            )
            return {name: bytes(raw) for name, raw in found} or None

    async def create(self, key: str, record: Mapping[str, bytes], seconds: int) -> None:
        """Keep a new record."""
        async with self._unit() as db:
            await db.execute(insert(RECORDS).values(key=key, until=self._now() + seconds))
            await self._write(db, key, record)
            if not secrets.randbelow(SWEEP):
                await db.execute(delete(RECORDS).where(RECORDS.c.until <= self._now()))

    async def update(
        self, key: str, changed: Mapping[str, bytes], gone: Collection[str], seconds: int
    ) -> bool:
        """Change a record, if there is one: its row is held, so that changes take turns."""
        lives = (RECORDS.c.key == key, RECORDS.c.until > self._now())
        async with self._unit() as db:
            held = select(RECORDS.c.key).where(*lives).with_for_update()
            if (await db.execute(held)).first() is None:
                return False
            until = self._now() + seconds
            await db.execute(update(RECORDS).where(RECORDS.c.key == key).values(until=until))
            names = [*changed, *gone]
            await db.execute(delete(VALUES).where(VALUES.c.key == key, VALUES.c.name.in_(names)))
            await self._write(db, key, changed)
            return True

    async def end(self, key: str) -> bool:
        """Forget a record, and return whether there was one."""
        async with self._unit() as db:
            found: Any = await db.execute(delete(RECORDS).where(RECORDS.c.key == key))
            return bool(found.rowcount)

    async def close(self) -> None:
        """Close the connections."""
        if self._opening is not None and not self._opening.done():
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._open is not None:
            await self._open.aclose()
        self._open = self._opening = None

    async def _write(self, db: AsyncSession, key: str, values: Mapping[str, bytes]) -> None:
        rows = [{"key": key, "name": name, "raw": raw} for name, raw in values.items()]
        if rows:
            await db.execute(insert(VALUES), rows)

    def _now(self) -> int:
        return int(self._clock())

    @asynccontextmanager
    async def _unit(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        try:
            if self._open is None:
                await self._opened()
            async with self._database.session(read_only=read_only) as db:
                yield db
        except (DBAPIError, PoolTimeout, OSError, GambrelError) as error:
            if isinstance(error, GambrelError) and error.code != "db.unreachable":
                raise
            raise ServiceUnavailable("the store of sessions does not answer") from error

    async def _opened(self) -> None:
        """Wait until the database is open; all who wait share one attempt, and how it ends."""
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._begin())
        await asyncio.wait([self._opening])
        self._opening.result()

    async def _begin(self) -> None:
        stack = AsyncExitStack()
        await stack.enter_async_context(self._database.running())
        self._open = stack
