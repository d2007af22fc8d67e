"""The connection that migrations run on: plain, alone, patient with its own statements only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.engines import Engines, Limits
from gambrel.db.connections.urls import Address

__all__ = ["LOCK_SECONDS", "connected"]

LOCK_SECONDS = 3
"""How long a statement waits for the lock of a table, while all that come after wait behind it."""
_ON_CONNECT = {
    # What is referred to may be rebuilt: references are checked at the end of each migration.
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA busy_timeout = 60000"),
    "postgresql": (f"SET lock_timeout = '{LOCK_SECONDS}s'",),
    "mariadb": (f"SET lock_wait_timeout = {LOCK_SECONDS}",),
}


@contextmanager
def connected(address: Address) -> Iterator[Connection]:
    """Open the connection. Raises GambrelError where the database cannot be reached."""
    if address.kind == "sqlite" and address.file is None:
        what = "the database is in memory, and gone with its app: it migrates when that starts"
        hint = "name a file, `sqlite:///app.db`, or have `Database(..., migrate=True)`"
        raise GambrelError("db.in-memory", what, "gambrel db", hint)
    if address.file is not None:
        address.file.parent.mkdir(parents=True, exist_ok=True)
    limits = Limits(pool_size=1, statement_timeout=0, connect_timeout=5)
    engines = Engines(address, limits, read_only=False)
    engine = engines.plain_writer
    prepare(engine, address.kind)
    try:
        with opened(engine, address) as connection:
            yield connection
    finally:
        engines.close_plain()


def prepare(engine: Engine, kind: str) -> None:
    """Have connections begin as migrations need them."""

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in _ON_CONNECT[kind]:
            cursor.execute(statement)
        cursor.close()
        if kind != "sqlite":
            connection.commit()


def opened(engine: Engine, address: Address) -> Connection:
    """Connect. Raises GambrelError."""
    try:
        return engine.connect()
    except (DBAPIError, OSError) as error:
        reason = getattr(error, "orig", None) or error
        what = f"the database {address.shown} cannot be used: {reason}"
        hint = "start it, or correct the URL: GAMBREL_DATABASE_URL, or Database(...)"
        raise GambrelError("db.unreachable", what, "migrations", hint) from error
