"""Where a compiled statement runs: in the transaction of a session, or by itself.

Whatever holds for statements of SQLAlchemy holds here: who listens to an engine hears them, errors
of drivers become its errors, and a connection that breaks, or whose statement was cancelled, is
given up. A greenlet costs as much as a small query: what may wait inside of SQLAlchemy has one, the
driver itself is awaited.
"""

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any, Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.util.concurrency import greenlet_spawn

from gambrel.db.connections.engines import is_heard
from gambrel.db.extension import Database
from gambrel.db.failures import only_reads
from gambrel.db.fast.binding import Text
from gambrel.db.fast.drivers import Answer, Asker, asker_alone, asker_for, run_many, run_one
from gambrel.db.fast.trips import Trip
from gambrel.db.sessions import AsyncSession, SyncSession
from gambrel.db.units import begins_are_heard
from gambrel.db.watching import STARTED, count_line

__all__ = ["Place", "Statement", "start"]

Place = AsyncSession | SyncSession | Database
AT_ONCE = {"postgresql", "sqlite"}
"""Whose transactions begin with their first statement, and with no round trip before it."""
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
        return on_connection(connection_of(where, statement), statement, values, read, size)
    if isinstance(where, AsyncSession):
        return in_session(where.sync_session, statement, values, read, size)
    return alone(where, statement, values, read, size)


def connection_of(session: SyncSession, statement: Statement) -> Connection:
    """Return the connection of a session's transaction, behind what it has not written yet."""
    if session.only_reads and not statement.reads:
        raise only_reads()
    session._autoflush()  # noqa: SLF001 - as SQLAlchemy does before a query
    if session.counts_lines:
        count_line(session)
    return session.connection(bind_arguments=statement.bind_arguments)


def waits_for_nothing(session: SyncSession, statement: Statement) -> bool:
    """Whether a session has its connection, or gets one at once, and has nothing to write first."""
    engine = session.get_bind(**statement.bind_arguments)
    if not isinstance(engine, Engine) or session.in_nested_transaction():
        return False
    if not session._is_clean():  # noqa: SLF001 - SQLAlchemy 2.1's
        return False
    if any(one.engine is engine for one in session.begun if not one.closed):
        return True
    if engine.dialect.name not in AT_ONCE:
        return False
    pool: Any = engine.pool
    return pool.has_fresh() and not is_heard(engine) and not begins_are_heard(session)


async def in_session(
    session: SyncSession, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """Run a statement in the transaction of an async session."""
    if waits_for_nothing(session, statement):
        connection = connection_of(session, statement)
    else:
        connection = await greenlet_spawn(connection_of, session, statement)
    return await awaited(connection, statement, values, read, size)


async def alone(
    database: Database, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """Run a statement in no unit of work: a query by itself, a change in one of its own."""
    engines = database.engines
    if not statement.reads or database.trial is not None or engines.address.kind == "mariadb":
        async with database.session(read_only=statement.reads) as session:
            return await start(session, statement, values, read, size)
    engine = database.engine_for(None, read_only=True, fresh=False).sync_engine
    text = statement.text_for(engine.dialect)
    sql, bound = text.bound(values)  # type: ignore[arg-type]  # those of one row
    pool, answer, started = engine.pool, None, perf_counter()
    is_own = not is_heard(engine)
    if is_own and engines.is_sqlite:
        trip = Trip(pool, (sql, bound, size))
        try:
            answer = await trip.made(engines.workers)
        except Exception as error:
            await give_up(engine, trip.record, error, sql, bound, started)
            raise
    if answer is None:
        record = await pool.take() if is_own else None
        if record is None:
            return await by_connection(engine, statement, values, read, size)
        try:
            ask = asker_alone(engine.dialect)
            answer = await ask(record.driver_connection, sql, bound, size)
        except BaseException as error:
            await give_up(engine, record, error, sql, bound, started)
            raise
        pool.give(record)
    database.watch.ended(started, None, sql, bound)
    return read(text, answer)


async def by_connection(
    engine: Engine, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """The same where a connection has to be opened or tested, or where others listen."""
    connection = await greenlet_spawn(engine.connect)
    try:
        found = await awaited(connection, statement, values, read, size, asker_alone)
    except BaseException:
        await greenlet_spawn(connection.close)
        raise
    connection.close()  # it waits for nothing: no transaction is open
    return found


async def awaited(
    connection: Connection,
    statement: Statement,
    values: Values,
    read: Read,
    size: int,
    asker: Callable[[Any], Asker] | None = None,
) -> Any:
    """Run a statement by a driver that is awaited."""
    sql, bound, many = told(connection, statement, values)
    dialect = connection.dialect
    ask = asker_for(dialect, many=many) if asker is None else asker(dialect)
    context = Context(statement.text_for(dialect).compiled)
    try:
        for tell in connection.dispatch.before_cursor_execute:
            sql, bound = tell(connection, None, sql, bound, context, many)
        answer = await ask(connection.connection.driver_connection, sql, bound, size)
        connection.dispatch.after_cursor_execute(connection, None, sql, bound, context, many)
    except BaseException as error:
        await greenlet_spawn(failed, connection, error, sql, bound)
        raise
    return read(statement.text_for(dialect), answer)


def on_connection(
    connection: Connection, statement: Statement, values: Values, read: Read, size: int
) -> Any:
    """The same in a thread."""
    sql, bound, many = told(connection, statement, values)
    run = run_many if many else run_one
    context = Context(statement.text_for(connection.dialect).compiled)
    try:
        for tell in connection.dispatch.before_cursor_execute:
            sql, bound = tell(connection, None, sql, bound, context, many)
        answer = run(connection.connection.dbapi_connection, sql, bound, size)
        connection.dispatch.after_cursor_execute(connection, None, sql, bound, context, many)
    except BaseException as error:
        failed(connection, error, sql, bound)
        raise
    return read(statement.text_for(connection.dialect), answer)


def told(connection: Connection, statement: Statement, values: Values) -> tuple[str, Any, bool]:
    """Return a text, what is bound to it, and whether that is many rows of values."""
    text = statement.text_for(connection.dialect)
    if isinstance(values, Mapping):
        return *text.bound(values), False
    return text.sql, [text.bound(row)[1] for row in values], True


def failed(connection: Connection, error: BaseException, sql: str, bound: Any) -> None:
    """Raise what SQLAlchemy makes of an error, and give up a connection that is broken."""
    try:
        raise error  # it asks which one is handled, and a greenlet begins with none
    except BaseException as again:
        connection._handle_dbapi_exception(again, sql, bound, None, None)  # noqa: SLF001 - as it does


async def give_up(
    engine: Engine, record: Any, error: BaseException, sql: str, bound: Any, started: float
) -> None:
    """Leave a connection whose statement has failed to SQLAlchemy; raise what it makes of that."""
    pool: Any = engine.pool
    pool.leave(record)
    await greenlet_spawn(failed_alone, engine, error, sql, bound, started)


def failed_alone(
    engine: Engine, error: BaseException, sql: str, bound: Any, started: float
) -> None:
    """The same of the connection that was left to it just now."""
    connection = engine.connect()
    try:
        connection.info[STARTED] = started
        failed(connection, error, sql, bound)
    finally:
        connection.close()


class Context:
    """What listeners get as the context of a statement: they may keep on it what they like."""

    def __init__(self, compiled: Any) -> None:
        self.compiled = compiled
