"""One deployer at a time: a lock that goes with its connection, whatever becomes of the process.

SQLite needs none: each migration begins with `BEGIN IMMEDIATE`, and looks anew at what is applied.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, text

from gambrel.core.http.errors import GambrelError

__all__ = ["WAIT", "alone"]

WAIT = 60.0
"""Seconds to wait for another deployer."""
_PAUSE = 0.2
_KEY = 7061645
_TAKE = {
    "postgresql": "SELECT pg_try_advisory_lock(:key)",
    "mariadb": "SELECT GET_LOCK(:name, 0)",
}
_LEAVE = {
    "postgresql": "SELECT pg_advisory_unlock(:key)",
    "mariadb": "SELECT RELEASE_LOCK(:name)",
}
_HOLDER = {
    "postgresql": "SELECT concat('process ', a.pid, ' of ', coalesce(host(a.client_addr), 'this "
    "machine'), ', since ', to_char(a.backend_start, 'HH24:MI:SS')) FROM pg_locks l JOIN "
    "pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objid = "
    "CAST(:key AS int) AND l.database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())",
    "mariadb": "SELECT concat('connection ', p.id, ' of ', p.host) FROM "
    "information_schema.processlist p WHERE p.id = IS_USED_LOCK(:name)",
}


@contextmanager
def alone(connection: Connection, kind: str, wait: float = WAIT) -> Iterator[None]:
    """Be the one who migrates. Raises GambrelError where another still does after `wait` seconds.

    Asked for again and again, for who waits in a statement keeps CREATE INDEX CONCURRENTLY of the
    other from its end.
    """
    if kind == "sqlite":
        yield
        return
    given = {"name": name_of(connection)} if kind == "mariadb" else {"key": _KEY}
    until = time.monotonic() + wait
    while not ask(connection, _TAKE[kind], given):
        if time.monotonic() > until:
            raise held(str(ask(connection, _HOLDER[kind], given) or "somebody"), wait)
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        if not connection.invalidated and not connection.closed:
            connection.rollback()
            ask(connection, _LEAVE[kind], given)


def ask(connection: Connection, statement: str, given: Mapping[str, object]) -> object:
    """Return the one value of a statement, and leave no transaction open."""
    found = connection.execute(text(statement), given).scalar()
    connection.rollback()
    return found


def name_of(connection: Connection) -> str:
    """Return the name of the lock: those of MariaDB are of the server, not of a database."""
    database = str(connection.engine.url.database)
    return f"gambrel.migrate.{hashlib.sha256(database.encode()).hexdigest()[:32]}"


def held(holder: str, wait: float) -> GambrelError:
    """Return the error of a lock that another deployer has."""
    what = f"another deployer migrates this database for more than {wait:g} seconds: {holder}"
    hint = "wait for its end, or end it; then type the same again"
    return GambrelError("db.migrating", what, "gambrel db", hint)
