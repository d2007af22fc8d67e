"""`Database`: the extension that opens a database with the app, and sessions for its handlers."""

import asyncio
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace
from sqlalchemy import Engine, MetaData, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.threads import in_thread
from gambrel.db.checks import mistakes
from gambrel.db.connections.engines import Engines, Limits
from gambrel.db.connections.replicas import Replicas, check_replicas
from gambrel.db.connections.urls import Address, parse_address
from gambrel.db.deadlines import deadline_of
from gambrel.db.failures import answer_failure, answer_stale, answer_wait
from gambrel.db.migrations.folders import APP, MigrationFolder, Project
from gambrel.db.models import Model
from gambrel.db.sessions import AsyncSession, SyncSession
from gambrel.db.several.naming import metadata_of, section_of, settings_of
from gambrel.db.several.routing import begin_plain, in_order, route
from gambrel.db.several.sticky import Sticky, remember_all
from gambrel.db.transfer.seeds import plant
from gambrel.db.trials import JOINED, Trial, hold_to_reading
from gambrel.db.units import async_unit, plain_unit, threaded_unit
from gambrel.db.visible import comments
from gambrel.db.visible.figures import figures_of
from gambrel.db.visible.shell import in_shell
from gambrel.db.visible.spans import Told
from gambrel.db.watching import Watch, note_repetition, show_statements
from gambrel.db.writing.files import HasFiles
from gambrel.extend import FIGURES, WORK, Env, Point, Problem, Secret, Setup

__all__ = ["MIGRATION_FOLDERS", "Database", "DatabaseSettings"]

MIGRATION_FOLDERS: Point[MigrationFolder] = Point("folder of migrations", key=lambda one: one.name)
"""Migrations of an extension's own tables."""

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
    migrate: Annotated[bool, Meta(description="apply migrations at start")] = False
    seeds: Annotated[list[str], Meta(description="files of rows that are there from the start")] = (
        field(default_factory=list)
    )
    writes_on_get: Annotated[bool, Meta(description="handlers of GET may write")] = False
    lazy_loads: Annotated[
        bool, Meta(description="in threads, relations are loaded where they are looked at")
    ] = False
    replicas: Annotated[
        list[Secret], Meta(description="servers that follow this one: GET is read from them")
    ] = field(default_factory=list)
    sticky: Annotated[
        float, Meta(gt=0, description="that who has written reads from the primary")
    ] = 5.0
    slow: Annotated[float, Meta(ge=0, description="a statement is logged; 0 for none")] = 0.5
    comments: Annotated[
        Literal["off", "route", "request"],
        Meta(description="SQL says which route has asked, or which request"),
    ] = "off"
    log: Annotated[bool, Meta(description="in debug every statement is logged")] = True


class WatchedSession(SyncSession):
    """The session of development: it tells of lines that ask again and again."""

    counts_lines = True


event.listen(WatchedSession, "do_orm_execute", note_repetition)


class Database:
    """Open a database with the app: `db: AsyncSession` is one unit of work of a request.

    A relative file of SQLite is in the folder of the setting `instance`; `sqlite://` is one that is
    gone with the app. `replicas` are URLs of servers that follow this one. Settings are those of
    `DatabaseSettings`. `metadata` has the tables that `create` and migrations make, by default
    those of all models. `migrations` is a folder beside the file that says `Database(...)`. `files`
    is what keeps files of rows, such as `MediaFiles()`.

    A further database has a `name`, and `models`: the base class of those that are kept there.
    Sessions of the one without a name find them; it has sessions of its own:
    `Annotated[AsyncSession, Depends(audit.async_session)]`.
    """

    def __init__(
        self,
        url: str = "",
        *,
        name: str = "",
        models: type[Model] | None = None,
        metadata: MetaData | None = None,
        replicas: Sequence[str] = (),
        files: HasFiles | None = None,
        migrations: str | Path = "",
        **settings: Any,
    ) -> None:
        self.name = section_of(name)
        self.requires = ("database",) if name else ()
        self.settings: DatabaseSettings = settings_of(DatabaseSettings, self.name)(
            url=Secret(url), replicas=[Secret(one) for one in replicas], **settings
        )
        self.models = models
        self.metadata = metadata_of(models, metadata)
        self.files = files
        self.given = self.settings
        self.home = folder_of(sys._getframe(1).f_code.co_filename)  # noqa: SLF001
        named = f"migrations_{name}" if name else "migrations"
        self.migrations = self.home / (migrations or named)
        self.folders: Callable[[], Sequence[MigrationFolder]] = tuple
        self.folder = Path("instance")
        self.keys: Sequence[str | bytes] = [secrets.token_urlsafe(48)]
        self.watch = Watch()
        self.session_class: type[SyncSession] = SyncSession
        self.trial: Trial | None = None
        self.others: Sequence[Database] = ()
        self.sticky: Sticky | None = None
        self.stickies: list[Sticky] = []
        self.tells_of_work: Callable[[], Sequence[Callable[..., None]]] = tuple
        self._engines: Engines | None = None

    def install(self, setup: Setup) -> None:
        """Provide sessions, and answer for what fails."""
        self.given = getattr(setup.settings, self.name)
        self.folder = setup.settings.core.instance
        self.keys = [key.reveal() for key in setup.settings.core.secret_keys] or self.keys
        self.folders = lambda: setup.declarations.values(MIGRATION_FOLDERS)
        self.watch.slow = self.given.slow
        if self.given.replicas:
            self.sticky = Sticky(self.name, self.given.sticky, self.keys)
            self.stickies = [self.sticky]
        if setup.settings.core.debug:
            self.watch.logs_all = self.given.log
            if self.given.log:
                setup.lifespan(show_statements)
            self.session_class = WatchedSession
        for figure in figures_of(self):
            setup.add(FIGURES, figure)
        self.tells_of_work = lambda: setup.declarations.values(WORK)
        if self.given.comments != "off":
            marked: Any = type("Session", (self.session_class,), {})
            event.listen(marked, "after_begin", comments.mark_connection)
            self.session_class = marked
        if self.requires:
            setup.lifespan(opens_beside(self))
            kind = type("".join(map(str.title, reversed(self.name.split("_", 1)))), (), {})
            setup.provide(kind, lambda: self, "app", ping=self.ping)
            return
        setup.lifespan(self.opened)
        setup.provide(Database, lambda: self, "app", ping=self.ping)
        setup.check(check_routes, start=False)
        setup.provide(AsyncSession, self.async_session)
        setup.provide(SyncSession, self.sync_session)
        setup.on_error(DBAPIError, answer_failure)
        setup.on_error(PoolTimeout, answer_wait)
        setup.on_error(StaleDataError, answer_stale)

    @property
    def address(self) -> Address:
        """Where it is. Raises GambrelError for a URL that is none."""
        return parse_address(self.given.url.reveal(), self.folder)

    # Life -----------------------------------------------------------------------------------

    async def opened(self, app) -> AsyncIterator["Database"]:  # type: ignore[no-untyped-def]  # any
        """Open the database while the app runs. Raises GambrelError where it cannot be reached."""
        for mistake in mistakes(app):
            raise mistake
        self.others = [one for one in databases_of(app) if one.requires and one.models]
        self.stickies = [one.sticky for one in (self, *self.others) if one.sticky is not None]
        if self.others:
            self.session_class = in_order(self.session_class)
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
        address = self.address
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
        replicas = [parse_address(one.reveal(), self.folder) for one in given.replicas]
        check_replicas(address, replicas, writes_on_get=given.writes_on_get)
        self._engines = Engines(
            address,
            limits,
            read_only=not given.writes_on_get,
            prepare=partial(prepare, self.watch, given.comments),
            replicas=Replicas(address, replicas) if replicas else None,
        )
        hearers = self.tells_of_work()
        told = [Told(address, hearers).hear] if hearers else []
        self.watch.hearers += told
        try:
            yield self._engines
        finally:
            self._engines = None
            for hear in told:
                self.watch.hearers.remove(hear)

    async def begin(self, engines: Engines) -> None:
        """See that the database is there, and make its tables if that is asked for."""
        if self.given.migrate:
            await in_thread(self.migrate, engines.address)
        try:
            async with engines.writer.begin() as connection:
                lock, unlock = _ALONE.get(engines.address.kind, ("SELECT 1", "SELECT 1"))
                await connection.execute(text(lock))
                if self.given.create:  # by one worker of many
                    await connection.run_sync(self.metadata.create_all)
                if self.given.seeds:
                    await connection.run_sync(self.plant_seeds)
                await connection.execute(text(unlock))
        except (DBAPIError, PoolTimeout, OSError) as error:
            reason = getattr(error, "orig", None) or error
            what = f"the database {engines.address.shown} cannot be used: {reason}"
            hint = "start it, or correct the URL: GAMBREL_DATABASE_URL, or Database(...)"
            raise GambrelError("db.unreachable", what, "Database(...)", hint) from error

    def plant_seeds(self, connection: Any) -> None:
        """See that the rows of `seeds` are there, in the transaction of a connection.

        Raises GambrelError for rows that the database does not take.
        """
        try:
            with SyncSession(connection, **_KEPT, **JOINED) as session:
                for file in self.given.seeds:
                    plant(session, self.metadata, self.home / file)
                session.commit()
        except DBAPIError as error:
            what = f"the database does not take the rows of seeds: {error.orig}"
            raise GambrelError("db.seed", what, "Database(seeds=[...])", "correct them") from error

    def project(self, target: str = "app.py") -> Project:
        """Return what migrations are about; `target` is what one types for the app."""
        others = [one for one in self.folders() if one.database == self.name]
        return Project(
            self.address, self.metadata, [*others, MigrationFolder(APP, self.migrations)], target
        )

    def migrate(self, address: Address) -> None:
        """Apply migrations, alone of all processes. Raises GambrelError."""
        from gambrel.db.migrations.running.runner import migrate  # noqa: PLC0415 - start-up: Alembic

        migrate(replace(self.project(), address=address))

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
    async def session(
        self, *, read_only: bool = False, fresh: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """Open a unit of work of your own: `async with database.session() as db:`.

        One that is `read_only` may be answered by a replica, unless it has to be `fresh`.
        """
        async with async_unit(await self.make_async(read_only=read_only, fresh=fresh)) as session:
            yield session

    @contextmanager
    def plain_session(
        self, *, read_only: bool = False, fresh: bool = False
    ) -> Iterator[SyncSession]:
        """The same in a thread, or in a script: `with database.plain_session() as db:`."""
        with plain_unit(self.make_plain(read_only=read_only, fresh=fresh)) as session:
            yield session

    async def async_session(self, request: Request | None = None) -> AsyncIterator[AsyncSession]:
        """Yield the session of a request, or of a call outside any."""
        session = await self.make_async(read_only=is_safe(request), request=request)
        if self.given.comments != "off":
            comments.mark_session(session, request, self.given.comments)
        async with async_unit(session):
            try:
                yield session
            except GambrelError as error:
                explain(error, session.sync_session)
                raise
        if self.stickies and not is_safe(request):
            remember_all(self.stickies, request)

    async def sync_session(self, request: Request | None = None) -> AsyncIterator[SyncSession]:
        """Yield the session of a request that is handled in a thread."""
        await begin_plain(one.trial for one in (self, *self.others))
        session = self.make_plain(read_only=is_safe(request), request=request)
        session.deadline = deadline_of(request)
        session.loop = asyncio.get_running_loop()
        if self.given.comments != "off":
            comments.mark_session(session, request, self.given.comments)
        async with threaded_unit(session):
            try:
                yield session
            except GambrelError as error:
                explain(error, session)
                raise
        if self.stickies and not is_safe(request):
            remember_all(self.stickies, request)

    @asynccontextmanager
    async def in_shell(self) -> AsyncIterator[Any]:
        """Yield what `gambrel shell` has of it: the session `db`, models, words for statements."""
        name = self.name.removeprefix("database_") if self.requires else "db"
        tables = [one.metadata for one in (self, *self.others)]
        async with in_shell(await self.make_async(read_only=False), name, tables) as found:
            yield found

    async def make_async(
        self, *, read_only: bool, fresh: bool = False, request: Request | None = None
    ) -> AsyncSession:
        """Return a session that somebody else has to end."""
        kind, joined = self.session_class, {} if self.trial is None else JOINED
        wish: dict[str, Any] = {"request": request, "read_only": read_only, "fresh": fresh}
        if self.trial is None:
            bind = self.engine_for(**wish)
        else:
            bind = await self.trial.for_async()
        session = AsyncSession(bind, sync_session_class=kind, **_KEPT, **joined)
        self.furnish(session.sync_session, read_only=read_only)
        if self.others:
            await route(session.sync_session, self.others, wish)
        return session

    def make_plain(
        self, *, read_only: bool, fresh: bool = False, request: Request | None = None
    ) -> SyncSession:
        """Return a session for a thread, that somebody else has to end."""
        wish: dict[str, Any] = {"request": request, "read_only": read_only, "fresh": fresh}
        joined = {} if self.trial is None else JOINED
        session = self.session_class(self.plain_bind(wish), **_KEPT, **joined)
        self.furnish(session, read_only=read_only)
        session.lazy_loads = self.given.lazy_loads
        session.statement_timeout = self.given.statement_timeout
        if self.others:
            routed: Any = session
            routed.routes = {one.metadata: one.plain_bind(wish) for one in self.others}
        return session

    def furnish(self, session: SyncSession, *, read_only: bool) -> None:
        """Give a session what both kinds have."""
        session.only_reads = read_only and self.engines.read_only
        session.keys, session.files = self.keys, getattr(self.files, "media", None)
        if session.only_reads and self.trial is not None:
            hold_to_reading(session)

    def plain_bind(self, wish: dict[str, Any]) -> Any:
        """Return what a session of a thread is bound to: in a test, its one transaction."""
        return self.engine_for(**wish, plain=True) if self.trial is None else self.trial.for_plain()

    def engine_for(
        self, request: Request | None, *, read_only: bool, fresh: bool, plain: bool = False
    ) -> Any:
        """Return the engine of a session: a replica where it may be a moment old."""
        engines = self.engines
        if not read_only:
            return engines.plain_writer if plain else engines.writer
        if fresh or (self.sticky is not None and self.sticky.has_written(request)):
            return engines.plain_reader if plain else engines.reader
        return engines.plain_replica if plain else engines.replica


def opens_beside(database: Database) -> Callable[[], AsyncIterator[None]]:
    """Return what opens a database with a name while the app runs."""

    async def database_beside() -> AsyncIterator[None]:
        async with database.running():
            yield

    return database_beside


def prepare(watch: Watch, mark: comments.Mark, engine: Engine) -> None:
    """Have what watches statements, or marks them, hear an engine."""
    if mark != "off":
        comments.mark_statements(engine)
    watch.attach(engine)


def databases_of(app: Any) -> list[Database]:
    """Return the databases of an app; the first is the one without a name."""
    found = [one for one in (*app.defaults, *app.extensions) if isinstance(one, Database)]
    return sorted(found, key=lambda one: bool(one.requires))


def explain(error: GambrelError, session: SyncSession) -> None:
    """Say more of an answer that could not be made, where a row was not written yet."""
    if error.code == "binding.wrong-value" and session.new:
        name = type(next(iter(session.new))).__name__
        error.hint = (
            f"a new {name} has its key once it is written: `await db.flush()` before you "
            f"return it, or make it by `await db.create({name}, sent)`"
        )


def folder_of(file: str) -> Path:
    """Return the folder of a file, or the working directory for what was typed."""
    return Path.cwd() if file.startswith("<") else Path(file).absolute().parent


def check_routes(app: Any) -> Iterator[Problem]:
    """Yield what would keep the app from its start."""
    for one in mistakes(app):
        yield Problem(one.code, one.what, one.hint, one.where)


def is_safe(request: Request | None) -> bool:
    """Whether a request asks for nothing to change (RFC 9110 §9.2.1)."""
    return request is not None and request.method in SAFE
