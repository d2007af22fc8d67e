"""A connection to the database of an app without the app: for what reads or writes all of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.engines import SQLITE
from gambrel.db.connections.sqlite import PRAGMAS, prepare
from gambrel.db.connections.urls import Address

__all__ = ["address_of", "connected", "engine_of"]


class Located(Protocol):
    """A `Database`, as far as has to be known here."""

    @property
    def address(self) -> Address:
        """Where it is."""
        ...


def address_of(database: Located) -> Address:
    """Return where the database of an app is. Raises GambrelError for one in memory."""
    address = database.address
    if address.kind == "sqlite" and address.file is None:
        what = "the database of this app is gone with the app"
        hint = "Database('sqlite:///app.db'), or GAMBREL_DATABASE_URL"
        raise GambrelError("db.in-memory", what, address.shown, hint)
    return address


def engine_of(address: Address) -> Engine:
    """Return an engine with no limit of time, which keeps no connection."""
    if address.kind != "sqlite":
        return create_engine(address.for_threads, poolclass=NullPool)
    assert address.file is not None
    address.file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address.for_threads, poolclass=NullPool, connect_args=SQLITE)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        prepare(connection, PRAGMAS)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("gambrel_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def connected(address: Address, *, writes: bool) -> Iterator[Connection]:
    """Open one transaction: one that writes, or one that sees all at the same moment.

    Raises GambrelError where the database cannot be reached.
    """
    engine = engine_of(address)
    options: dict[str, Any] = {"gambrel_writes": writes}
    if address.kind != "sqlite" and not writes:
        options["isolation_level"] = "REPEATABLE READ"
    try:
        connection = engine.connect().execution_options(**options)
    except OperationalError as error:
        what = f"the database {address.shown} cannot be used: {error.orig}"
        hint = "start it, or correct the URL: GAMBREL_DATABASE_URL, or Database(...)"
        raise GambrelError("db.unreachable", what, address.shown, hint) from error
    with connection, connection.begin():
        yield connection
