"""Engines: the pools of connections of one database, for async code and for threads.

On SQLite a pool of one connection writes, so that writers wait in a queue of ours and not in turns
of its lock; all others read. Everywhere else one pool does both. Knows no app.
"""

import asyncio
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Engine, create_engine, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import Pool, QueuePool

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.alone import may_stand_alone
from gambrel.db.connections.masking import mask
from gambrel.db.connections.pools import CHECKED, FRESH, AsyncPool
from gambrel.db.connections.replicas import Replicas
from gambrel.db.connections.sqlite import BUSY, PRAGMAS, Settled, opener, prepare
from gambrel.db.connections.urls import Address
from gambrel.db.failures import ONLY_READS, tell_apart
from gambrel.threads import WorkerPool

__all__ = ["Ears", "Engines", "Limits", "can_end_now", "is_heard"]

GRACE = 5.0
"""Seconds that a server has to tell of a statement that it has ended."""
SQLITE: dict[str, Any] = {
    "isolation_level": None,  # its driver begins no transactions: its rules for that are not ours
    "timeout": BUSY,
    "check_same_thread": False,
}
_FAILED = 3  # PQTRANS_INERROR of libpq
_ENGINES = ("writer", "reader", "replica", "plain_writer", "plain_reader", "plain_replica")
_EARS = "gambrel_ears"


class Limits(Struct, frozen=True, kw_only=True):
    """How many connections there are at most, and how long one waits, in seconds."""

    pool_size: int = 10
    pool_wait: float = 2.0
    connect_timeout: float = 2.0
    statement_timeout: float = 30.0
    recycle: int = 3600


class Engines:
    """The engines of one database, made when first asked for.

    `reader` and `writer` are for async sessions, `plain_reader` and `plain_writer` for those in
    threads. With `read_only`, the readers cannot write. `prepare` is called with each engine.
    `replica` and `plain_replica` are the readers of `replicas`, where there are any.
    """

    def __init__(
        self,
        address: Address,
        limits: Limits,
        *,
        read_only: bool = True,
        prepare: Callable[[Engine], None] = lambda engine: None,
        replicas: Replicas | None = None,
    ) -> None:
        self.replicas = replicas
        self.address = address
        self.limits = limits
        self.read_only = read_only
        self.prepare = prepare

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of SQLite."""
        return self.address.kind == "sqlite"

    @property
    def file(self) -> Path:
        """The file of SQLite."""
        assert self.address.file is not None
        return self.address.file

    @cached_property
    def writer(self) -> AsyncEngine:
        """The engine of async sessions that write."""
        return self.make_async(writes=True)

    @cached_property
    def reader(self) -> AsyncEngine:
        """The engine of async sessions that read."""
        if self.is_sqlite:
            return self.make_async(writes=False)
        return self.reading_by(self.writer)

    @cached_property
    def plain_writer(self) -> Engine:
        """The engine of sessions in threads that write."""
        return self.make_plain(writes=True)

    @cached_property
    def plain_reader(self) -> Engine:
        """The engine of sessions in threads that read."""
        if self.is_sqlite:
            return self.make_plain(writes=False)
        return self.plain_writer.execution_options(**self.reading)

    @cached_property
    def replica(self) -> AsyncEngine:
        """The engine of async sessions that read what may be a moment old."""
        if self.replicas is None:
            return self.reader
        engine = self.make_async(writes=False)
        self.replicas.attach(engine.sync_engine, self.connect_args)
        return self.reading_by(engine)

    @cached_property
    def plain_replica(self) -> Engine:
        """The engine of sessions in threads that read what may be a moment old."""
        if self.replicas is None:
            return self.plain_reader
        engine = self.make_plain(writes=False)
        self.replicas.attach(engine, self.connect_args)
        return engine.execution_options(**self.reading)

    @cached_property
    def workers(self) -> WorkerPool:
        """The threads of async connections to SQLite."""
        return WorkerPool(asyncio.get_running_loop())

    def reading_by(self, engine: AsyncEngine) -> AsyncEngine:
        """Return an engine with the same connections, which only reads."""
        found = engine.execution_options(**self.reading)
        open_ears(found.sync_engine)
        return found

    @property
    def reading(self) -> dict[str, Any]:
        """The options of a connection that only reads."""
        if not self.read_only:
            return {}
        return {ONLY_READS: True}

    def make_async(self, *, writes: bool) -> AsyncEngine:
        """Return an engine for coroutines. Raises GambrelError where its driver is missing."""
        options = self.options(AsyncPool, writes=writes)
        if self.is_sqlite:
            pragmas = self.pragmas(writes=writes)
            options["async_creator"] = opener(
                self.file,
                pragmas,
                SQLITE,
                lambda: self.workers,
                only_reads=self.read_only and not writes,
            )
        try:
            engine = create_async_engine(self.address.for_async, **options)
        except ModuleNotFoundError as error:
            raise self.no_driver(error) from error
        self.listen(engine.sync_engine, writes=writes)
        end_without_waiting(engine.sync_engine)
        open_ears(engine.sync_engine)
        return engine

    def make_plain(self, *, writes: bool) -> Engine:
        """Return an engine for threads. Raises GambrelError where its driver is missing."""
        options = self.options(QueuePool, writes=writes)
        if self.address.kind == "mariadb" and self.limits.statement_timeout:
            # Nobody can stop a thread that waits for a server which is gone.
            options["connect_args"]["read_timeout"] = self.limits.statement_timeout + GRACE
        try:
            engine = create_engine(self.address.for_threads, **options)
        except ModuleNotFoundError as error:
            raise self.no_driver(error) from error
        self.listen(engine, writes=writes)
        return engine

    def options(self, pool: type, *, writes: bool) -> dict[str, Any]:
        """Return what an engine is made with."""
        limits = self.limits
        return {
            "poolclass": pool,
            "hide_parameters": True,
            "pool_size": 1 if self.is_sqlite and writes else limits.pool_size,
            "max_overflow": 0,
            "pool_timeout": limits.pool_wait,
            "pool_recycle": -1 if self.is_sqlite else limits.recycle,
            "pool_reset_on_return": None,  # `end_transaction` does, where one is open
            "connect_args": self.connect_args(self.address),
        }

    def connect_args(self, address: Address) -> dict[str, Any]:
        """Return what connections to an address begin with: to a replica, or where it is."""
        found: dict[str, Any] = getattr(self, f"connect_{self.address.kind}")(address)
        return found

    def connect_sqlite(self, _address: Address) -> dict[str, Any]:
        """Connections that leave no lock behind."""
        return {**SQLITE, "factory": Settled}

    def connect_postgresql(self, address: Address) -> dict[str, Any]:
        """Connections that are found dead, and statements that end, though nobody cancels them.

        What the URL says of them holds.
        """
        milliseconds = int(self.limits.statement_timeout * 1000)
        query = address.for_threads.query
        given = query.get("options", "")
        limits = {
            "connect_timeout": max(2, round(self.limits.connect_timeout)),  # the least it takes
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
            "options": f"-c statement_timeout={milliseconds} {given}".rstrip(),
        }
        return {name: value for name, value in limits.items() if name not in {*query} - {"options"}}

    def connect_mariadb(self, _address: Address) -> dict[str, Any]:
        """Statements that end, and warnings that are not asked for: their texts have values.

        The comment is for MariaDB alone; MySQL has no limit for statements that write.
        """
        seconds = self.limits.statement_timeout
        limit = f"/*M!100101 , SESSION max_statement_time = {seconds} */"
        return {
            "connect_timeout": max(1, round(self.limits.connect_timeout)),
            "init_command": f"SET SESSION max_error_count = 0 {limit}",
        }

    def listen(self, engine: Engine, *, writes: bool) -> None:
        """Set connections up, and begin transactions as the engine's sessions need them."""
        self.prepare(engine)
        event.listen(engine, "handle_error", mask)  # before others tell of it
        reads = self.is_sqlite and self.read_only and not writes
        event.listen(engine, "handle_error", partial(tell_apart, reads=reads))
        event.listen(engine, "reset", end_transaction)
        event.listen(engine, "checkin", note_return)
        event.listen(engine, "checkout", check_stale(engine, asks=not self.is_sqlite))
        if not self.is_sqlite:
            if engine.dialect.is_async and engine.dialect.driver == "psycopg":
                event.listen(engine, "do_connect", connect_by_ours)
                event.listen(engine, "before_cursor_execute", begin_late)
            is_mariadb = self.address.kind == "mariadb"
            event.listen(engine, "begin", begin_mariadb if is_mariadb else begin_postgresql)
            if not is_mariadb:
                event.listen(engine, "commit", see_whole)
            return
        begin, pragmas = "BEGIN IMMEDIATE" if writes else "BEGIN", self.pragmas(writes=writes)
        is_async = engine.dialect.is_async

        @event.listens_for(engine, "begin")
        def begin_sqlite(connection: Any) -> None:
            driver = connection.connection.driver_connection
            if is_async:
                driver.begin_with = begin
            else:
                driver.execute(begin)

        def set_up(connection: Any, _record: Any) -> None:
            prepare(connection, pragmas)

        if not is_async:
            event.listen(engine, "checkin", forget_deadline)
            event.listen(engine, "connect", set_up)

    def pragmas(self, *, writes: bool) -> list[str]:
        """Return what a connection to SQLite begins with."""
        guard = ["PRAGMA query_only = ON"] if self.read_only and not writes else []
        return [*PRAGMAS, *guard]

    def no_driver(self, error: ModuleNotFoundError) -> GambrelError:
        """Return the error of a driver that is not installed."""
        extra = {"sqlite": "db", "postgresql": "postgres"}.get(self.address.kind, "mariadb")
        what = f"{self.address.kind} needs {error.name}, which is not installed"
        return GambrelError(
            "db.no-driver", what, self.address.shown, f"pip install 'gambrel[{extra}]'"
        )

    @property
    def pools(self) -> list[Pool]:
        """The pools that were made, each once."""
        made = [vars(self).get(name) for name in _ENGINES]
        return list({id(one.pool): one.pool for one in made if one is not None}.values())

    async def close(self) -> None:
        """Close all connections."""
        made = vars(self)
        for name in ("replica", "reader", "writer"):
            if name in made:
                await made[name].dispose()
        if "workers" in made:
            self.workers.close()
        self.close_plain()

    def close_plain(self) -> None:
        """Close the connections of threads."""
        for name in ("plain_replica", "plain_reader", "plain_writer"):
            if name in vars(self):
                vars(self)[name].dispose()


class Ears:
    """Whether anybody but us listens to the connections and statements of an engine.

    Made when all of ours listen. A collection of listeners is replaced by its first one, so each
    has one of ours.
    """

    def __init__(self, engine: Engine) -> None:
        for name in ("engine_connect", "begin"):
            event.listen(engine, name, lambda _connection: None)
        dispatch: Any = engine.dispatch
        pool: Any = engine.pool.dispatch
        self.collections = (
            dispatch.before_cursor_execute,
            dispatch.after_cursor_execute,
            dispatch.engine_connect,
            dispatch.begin,
            pool.checkout,
            pool.checkin,
        )
        self.ours = self.count()

    def count(self) -> int:
        """Return how many listen."""
        return sum(map(len, self.collections))


def open_ears(engine: Engine) -> None:
    """Remember who listens to an engine: those are ours."""
    setattr(engine, _EARS, Ears(engine))


def is_heard(engine: Engine) -> bool:
    """Whether anybody else listens to it: what he does may wait, and he is told of everything."""
    ears: Ears = getattr(engine, _EARS)
    return ears.count() != ears.ours


def end_without_waiting(engine: Engine) -> None:
    """Have transactions end without a greenlet where that means to wait for nothing."""
    dialect: Any = engine.dialect
    dialect.do_commit = partial(end, dialect.do_commit)
    dialect.do_rollback = partial(end, dialect.do_rollback)


def end(in_general: Callable[[Any], None], connection: Any) -> None:
    """End the transaction of a connection."""
    driver = connection.driver_connection
    if can_end_now(driver):
        driver.end_now()
    else:
        in_general(connection)


def can_end_now(driver: Any) -> bool:
    """Whether to end its transaction means to wait for nothing."""
    return hasattr(driver, "can_end_now") and bool(driver.can_end_now())


def end_transaction(connection: Any, _record: Any, state: Any) -> None:
    """Roll back what a connection is given back with, if there is any: to ask costs nothing.

    SQLite keeps the transaction whose COMMIT it has refused; SQLAlchemy takes that for its end.
    """
    if state.terminate_only or not state.asyncio_safe:
        return
    driver = getattr(connection, "driver_connection", connection)
    is_open = getattr(driver, "is_in_transaction", None)
    if is_open is not None:
        is_left = is_open()
    else:
        is_left = getattr(driver, "in_transaction", not state.transaction_was_reset)
    if is_left:
        connection.rollback()


def forget_deadline(connection: Any, _record: Any) -> None:
    """Let a connection of SQLite be without the deadline that a session has set."""
    if connection is not None:
        connection.set_progress_handler(None, 0)


def note_return(connection: Any, record: Any) -> None:
    """Remember when a connection was last good."""
    record.info[CHECKED] = time.monotonic()


def check_stale(engine: Engine, *, asks: bool) -> Callable[[Any, Any, Any], None]:
    """Return what asks a connection that has lain idle whether it is alive, before it is used.

    One that is in steady use is not asked: that would cost each request a round trip. Without
    `asks` none is: a file does not go away.
    """

    def check(connection: Any, record: Any, proxy: Any) -> None:
        given_back = record.info.pop(CHECKED, None)
        if not asks or given_back is None or time.monotonic() - given_back < FRESH:
            return
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.DisconnectionError from error  # the pool connects anew
        if not alive:
            raise exc.DisconnectionError

    return check


def connect_by_ours(_dialect: Any, _record: Any, _arguments: Any, options: Any) -> None:
    """Have SQLAlchemy make connections of our class."""
    from gambrel.db.connections.postgres import AsyncConnection  # noqa: PLC0415 - start-up: PostgreSQL

    options["async_creator_fn"] = AsyncConnection.connect


def begin_postgresql(connection: Any) -> None:
    """Say whether the transaction may write: the driver begins it with the first statement."""
    wanted = bool(connection.get_execution_options().get(ONLY_READS))
    dialect, driver = connection.dialect, connection.connection.dbapi_connection
    if dialect.is_async:
        connection.connection.driver_connection.begin_reading(wanted)
    elif bool(dialect.get_readonly(driver)) is not wanted:
        dialect.set_readonly(driver, wanted)


def begin_late(
    connection: Any, _cursor: Any, _sql: str, _values: Any, context: Any, _many: bool
) -> None:
    """Have a transaction that only reads begin with the first statement that needs one."""
    driver = connection.connection.driver_connection
    driver.stands_alone = bool(
        connection.get_execution_options().get(ONLY_READS)
    ) and may_stand_alone(connection, context)


def see_whole(connection: Any) -> None:
    """Raise GambrelError before a COMMIT that would undo everything, and would not say so."""
    if connection.connection.driver_connection.pgconn.transaction_status == _FAILED:
        connection.invalidate()  # it goes back to the pool as if the COMMIT had been
        what = "a statement of a transaction has failed and its error was caught: all is undone"
        hint = "`async with db.begin_nested():` around what may fail, within the `try`"
        raise GambrelError("db.undone", what, "", hint)


def begin_mariadb(connection: Any) -> None:
    """Begin a transaction that cannot write, where a session only reads."""
    if connection.get_execution_options().get(ONLY_READS):
        connection.exec_driver_sql("START TRANSACTION READ ONLY")
