"""`Database`: the extension that opens a database with the app, and sessions for its handlers."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct, field
from sqlalchemy import MetaData, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.db.checks import mistakes
from gambrel.db.connections.engines import Engines, Limits
from gambrel.db.connections.urls import Address, parse_address
from gambrel.db.deadlines import deadline_of
from gambrel.db.failures import answer_failure, answer_stale, answer_wait
from gambrel.db.models import Model
from gambrel.db.sessions import AsyncSession, SyncSession
from gambrel.db.trials import JOINED, Trial
from gambrel.db.units import async_unit, plain_unit, threaded_unit
from gambrel.db.watching import Watch, note_repetition, show_statements
from gambrel.extend import Env, Problem, Secret, Setup

__all__ = ["Database", "DatabaseSettings"]

_KEPT: dict[str, Any] = {"expire_on_commit": False}
# Who makes tables is alone; SQLite has one writer in any case.
_ALONE = {
    "postgresql": ("SELECT pg_advisory_xact_lock(7061644)", "SELECT 1"),
    "mariadb": ("SELECT GET_LOCK('gambrel.create', 30)", "SELECT RELEASE_LOCK('gambrel.create')"),
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})


class DatabaseSettings(Struct, frozen=True, kw_only=True):
    """Where a database is, and how much of it one process takes; times are in seconds."""

    url: Annotated[
        Secret, Env("GAMBREL_DATABASE_URL"), Meta(description="where it is; a password is a secret")
    ] = field(default_factory=lambda: Secret(""))
    pool_size: Annotated[
        int, Meta(ge=1, description="most connections of a process, of each kind of session")
    ] = 10
    pool_wait: Annotated[float, Meta(gt=0, description="for a free connection, then 503")] = 2.0
    connect_timeout: Annotated[float, Meta(gt=0, description="to open a connection")] = 2.0
    statement_timeout: Annotated[
        float, Meta(gt=0, description="that a server may take for a statement")
    ] = 30.0
    create: Annotated[bool, Meta(description="make tables that are missing, at start")] = False
    writes_on_get: Annotated[bool, Meta(description="handlers of GET may write")] = False
    lazy_loads: Annotated[
        bool, Meta(description="in threads, relations are loaded where they are looked at")
    ] = False
    slow: Annotated[float, Meta(ge=0, description="a statement is logged; 0 for none")] = 0.5
    log: Annotated[bool, Meta(description="in debug every statement is logged")] = True


class WatchedSession(SyncSession):
    """The session of development: it tells of lines that ask again and again."""

    counts_lines = True


event.listen(WatchedSession, "do_orm_execute", note_repetition)


class Database:
    """Open a database with the app: `db: AsyncSession` is one unit of work of a request.

    A relative file of SQLite is in the folder of the setting `instance`; `sqlite://` is one that is
    gone with the app. Settings are those of `DatabaseSettings`. `metadata` has the tables that
    `create` makes, by default those of all models.
    """

    name = "database"
    requires = ()

    def __init__(self, url: str = "", *, metadata: MetaData | None = None, **settings: Any) -> None:
        self.settings = DatabaseSettings(url=Secret(url), **settings)
        self.metadata = Model.metadata if metadata is None else metadata
        self.given = self.settings
        self.folder = Path("instance")
        self.keys: Sequence[str | bytes] = [secrets.token_urlsafe(48)]
        self.watch = Watch()
        self.session_class: type[SyncSession] = SyncSession
        self.trial: Trial | None = None
        self._engines: Engines | None = None

    def install(self, setup: Setup) -> None:
        """Provide sessions, and answer for what fails."""
        self.given = setup.settings.database
        self.folder = setup.settings.core.instance
        self.keys = [key.reveal() for key in setup.settings.core.secret_keys] or self.keys
        self.watch.slow = self.given.slow
        if setup.settings.core.debug:
            self.watch.logs_all = self.given.log
            if self.given.log:
                setup.lifespan(show_statements)
            self.session_class = WatchedSession
        setup.lifespan(self.opened)
        setup.provide(Database, lambda: self, "app", ping=self.ping)
        setup.check(check_routes, start=False)
        setup.provide(AsyncSession, self.async_session)
        setup.provide(SyncSession, self.sync_session)
        setup.on_error(DBAPIError, answer_failure)
        setup.on_error(PoolTimeout, answer_wait)
        setup.on_error(StaleDataError, answer_stale)

    # Life -----------------------------------------------------------------------------------

    async def opened(self, app) -> AsyncIterator["Database"]:  # type: ignore[no-untyped-def]  # any
        """Open the database while the app runs. Raises GambrelError where it cannot be reached."""
        for mistake in mistakes(app):
            raise mistake
        async with self.running():
            yield self

    async def ping(self, _database: "Database") -> None:
        """Ask the database for nothing."""
        async with self.engines.reader.connect() as connection:
            await connection.execute(text("SELECT 1"))

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Database"]:
        """Open the database without an app, in a script: `async with database.running():`."""
        with self.connected() as engines:
            try:
                await self.begin(engines)
                yield self
            finally:
                await engines.close()

    @contextmanager
    def connected(self) -> Iterator[Engines]:
        """Make the engines; where the database is in memory, in a folder of its own."""
        if self._engines is not None:
            what = "the database is opened while it is open already"
            raise GambrelError("db.open-twice", what, "", "one app, one Database(...)")
        address = parse_address(self.given.url.reveal(), self.folder)
        if address.kind == "sqlite" and address.file is None:
            holder: Any = tempfile.TemporaryDirectory(prefix="gambrel-")
            with (
                holder as folder,
                self.connected_to(address.at(Path(folder) / "memory.db")) as made,
            ):
                yield made
            return
        if address.file is not None:
            address.file.parent.mkdir(parents=True, exist_ok=True)
        with self.connected_to(address) as made:
            yield made

    @contextmanager
    def connected_to(self, address: Address) -> Iterator[Engines]:
        """Make the engines of an address."""
        given = self.given
        limits = Limits(
            pool_size=given.pool_size,
            pool_wait=given.pool_wait,
            connect_timeout=given.connect_timeout,
            statement_timeout=given.statement_timeout,
        )
        read_only = not given.writes_on_get
        self._engines = Engines(address, limits, read_only=read_only, prepare=self.watch.attach)
        try:
            yield self._engines
        finally:
            self._engines = None

    async def begin(self, engines: Engines) -> None:
        """See that the database is there, and make its tables if that is asked for."""
        try:
            async with engines.writer.begin() as connection:
                lock, unlock = _ALONE.get(engines.address.kind, ("SELECT 1", "SELECT 1"))
                await connection.execute(text(lock))
                if self.given.create:  # by one worker of many
                    await connection.run_sync(self.metadata.create_all)
                await connection.execute(text(unlock))
        except (DBAPIError, PoolTimeout, OSError) as error:
            reason = getattr(error, "orig", None) or error
            what = f"the database {engines.address.shown} cannot be used: {reason}"
            hint = "start it, or correct the URL: GAMBREL_DATABASE_URL, or Database(...)"
            raise GambrelError("db.unreachable", what, "Database(...)", hint) from error

    @property
    def engines(self) -> Engines:
        """The engines. Raises GambrelError unless the database is open."""
        if self._engines is None:
            what = "a session is asked for, and the database is not open"
            hint = "while the app runs, or within `async with database.running():`"
            raise GambrelError("db.closed", what, "", hint)
        return self._engines

    # Sessions -------------------------------------------------------------------------------

    @asynccontextmanager
    async def session(self, *, read_only: bool = False) -> AsyncIterator[AsyncSession]:
        """Open a unit of work of your own: `async with database.session() as db:`."""
        async with async_unit(await self.make_async(read_only=read_only)) as session:
            yield session

    @contextmanager
    def plain_session(self, *, read_only: bool = False) -> Iterator[SyncSession]:
        """The same in a thread, or in a script: `with database.plain_session() as db:`."""
        with plain_unit(self.make_plain(read_only=read_only)) as session:
            yield session

    async def async_session(self, request: Request | None = None) -> AsyncIterator[AsyncSession]:
        """Yield the session of a request, or of a call outside any."""
        session = await self.make_async(read_only=is_safe(request))
        async with async_unit(session):
            try:
                yield session
            except GambrelError as error:
                explain(error, session.sync_session)
                raise

    async def sync_session(self, request: Request | None = None) -> AsyncIterator[SyncSession]:
        """Yield the session of a request that is handled in a thread."""
        bind = None if self.trial is None else await self.trial.for_plain()
        session = self.make_plain(read_only=is_safe(request), bind=bind)
        session.deadline = deadline_of(request)
        async with threaded_unit(session):
            try:
                yield session
            except GambrelError as error:
                explain(error, session)
                raise

    async def make_async(self, *, read_only: bool) -> AsyncSession:
        """Return a session that somebody else has to end."""
        kind, keys = self.session_class, self.keys
        if self.trial is not None:
            bind: Any = await self.trial.for_async()
            session = AsyncSession(bind, sync_session_class=kind, **_KEPT, **JOINED)
        else:
            bind = self.engines.reader if read_only else self.engines.writer
            session = AsyncSession(bind, sync_session_class=kind, **_KEPT)
        session.sync_session.keys = keys
        session.sync_session.only_reads = read_only and not self.given.writes_on_get
        return session

    def make_plain(self, *, read_only: bool, bind: Any = None) -> SyncSession:
        """Return a session for a thread, that somebody else has to end."""
        if bind is None:
            bind = self.engines.plain_reader if read_only else self.engines.plain_writer
            session = self.session_class(bind, **_KEPT)
        else:
            session = self.session_class(bind, **_KEPT, **JOINED)
        session.keys, session.lazy_loads = self.keys, self.given.lazy_loads
        session.statement_timeout = self.given.statement_timeout
        return session


def explain(error: GambrelError, session: SyncSession) -> None:
    """Say more of an answer that could not be made, where a row was not written yet."""
    if error.code == "binding.wrong-value" and session.new:
        name = type(next(iter(session.new))).__name__
        error.hint = (
            f"a new {name} has its key once it is written: `await db.flush()` before you "
            f"return it, or make it by `await db.create({name}, sent)`"
        )


def check_routes(app: Any) -> Iterator[Problem]:
    """Yield what would keep the app from its start."""
    for one in mistakes(app):
        yield Problem(one.code, one.what, one.hint, one.where)


def is_safe(request: Request | None) -> bool:
    """Whether a request asks for nothing to change (RFC 9110 §9.2.1)."""
    return request is not None and request.method in SAFE
