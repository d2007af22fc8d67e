"""Where a compiled statement runs: in the transaction of a session, or by itself.

Whatever holds for statements of SQLAlchemy holds here: who listens to an engine hears them, errors
of drivers become its errors, and a connection that breaks, or whose statement was cancelled, is
given up. All of it is plain code, which async callers run in a greenlet.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.util.concurrency import greenlet_spawn

from gambrel.db.extension import Database
from gambrel.db.fast.binding import Text
from gambrel.db.fast.drivers import Answer, runner_for
from gambrel.db.sessions import AsyncSession, SyncSession
from gambrel.db.watching import count_line

__all__ = ["Place", "Statement", "start"]

Place = AsyncSession | SyncSession | Database
Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Read = Callable[[Text, Answer], Any]


class Statement(Protocol):
    """What is run here: see `statements.py`."""

    bind_arguments: dict[str, Any]
    reads: bool

    def text_for(self, dialect: Any) -> Text:
        """Return its text for a dialect."""
        ...


def start(where: Place, statement: Statement, values: Values, read: Read, size: int) -> Any:
    """Run a statement there, and return what `read` makes of at most `size` rows, 0 for all.

    It is a coroutine, unless the place is a plain session.
    """
    if isinstance(where, SyncSession):
        return in_session(where, statement, values, read, size)
    if isinstance(where, AsyncSession):
        return greenlet_spawn(in_session, where.sync_session, statement, values, read, size)
    return alone(where, statement, values, read, size)


def in_session(
    session: SyncSession, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """Run a statement in the transaction of a session, behind what it has not written yet."""
    session._autoflush()  # noqa: SLF001 - as SQLAlchemy does before a query
    if session.counts_lines:
        count_line(session)
    connection = session.connection(bind_arguments=statement.bind_arguments)
    return on_connection(connection, statement, values, read, size)


async def alone(
    database: Database, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """Run a statement in no unit of work: a query by itself, a change in one of its own."""
    engines = database.engines
    if not statement.reads or database.trial is not None or engines.address.kind == "mariadb":
        async with database.session(read_only=statement.reads) as session:
            return await start(session, statement, values, read, size)
    return await greenlet_spawn(
        by_itself, engines.reader.sync_engine, statement, values, read, size
    )


def by_itself(engine: Engine, statement: Statement, values: Values, read: Read, size: int) -> Any:
    """Run a query without a transaction around it: it sees one moment in any case."""
    with engine.connect() as connection:
        return on_connection(connection, statement, values, read, size)


def on_connection(
    connection: Connection, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """Run a statement on a connection, and return what becomes of its rows."""
    text = statement.text_for(connection.dialect)
    if isinstance(values, Mapping):
        answer = heard(connection, *text.bound(values), size, many=False)
    else:
        rows = [text.bound(row)[1] for row in values]
        answer = heard(connection, text.sql, rows, size, many=True)
    return read(text, answer)


def heard(connection: Connection, sql: str, bound: Any, size: int, *, many: bool) -> Answer:
    """Run a text on the driver, tell who listens, and raise SQLAlchemy's errors."""
    run = runner_for(connection.dialect, many=many)
    events = connection.dispatch
    context = Context()
    try:
        for tell in events.before_cursor_execute:
            sql, bound = tell(connection, None, sql, bound, context, many)
        fairy = connection.connection
        driver = fairy.driver_connection if connection.dialect.is_async else fairy.dbapi_connection
        answer = run(driver, sql, bound, size)
        events.after_cursor_execute(connection, None, sql, bound, context, many)
    except BaseException as error:
        connection._handle_dbapi_exception(error, sql, bound, None, None)  # noqa: SLF001 - as it does
        raise
    return answer


class Context:
    """What listeners get as the context of a statement: something to keep what they like on."""
