"""For tests of apps: statements counted, and a database that is afterwards as it was before."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from gambrel.core.http.errors import GambrelError
from gambrel.db.extension import Database, databases_of
from gambrel.db.migrations.rehearsal import Rehearsal, rehearse, rehearsing
from gambrel.db.sessions import AsyncSession
from gambrel.db.transfer.seeds import plant
from gambrel.db.trials import Trial
from gambrel.db.watching import Statement

__all__ = ["check_migrations", "migrating", "queries", "rolled_back"]


_SAVEPOINT = re.compile(r"(RELEASE |ROLLBACK TO )?SAVEPOINT ")


@contextmanager
def queries(
    app: Any,
    *,
    max: int | None = None,  # noqa: A002 - reads as queries(app, max=3)
    same: int | None = None,
) -> Iterator[list[Statement]]:
    """Collect the statements that an app runs meanwhile: `with queries(app, max=3):`.

    `same` is how often one and the same statement may be run: a list that asks once for each of its
    rows does not pass `same=1`. Within `rolled_back` savepoints are not collected: there they stand
    in for transactions.

    Raises:
        AssertionError: There were more than `max`, or one more often than `same`; it lists them.
    """
    databases = databases_for(app)
    watches = [database.watch for database in databases]
    found: list[Statement] = []

    def hear(one: Statement) -> None:
        if not (_SAVEPOINT.match(one.sql) and any(database.trial for database in databases)):
            found.append(one)

    for watch in watches:
        watch.hearers.append(hear)
    try:
        yield found
    finally:
        for watch in watches:
            watch.hearers.remove(hear)
    if max is not None and len(found) > max:
        raise AssertionError(f"{len(found)} statements where {max} were to do:\n{listed(found)}")
    repeated = Counter(one.sql for one in found)
    for sql, count in repeated.most_common(1):
        if same is not None and count > same:
            alike = listed([one for one in found if one.sql == sql][:1])
            what = f"one statement {count} times where {same} were to do"
            raise AssertionError(f"{what}: load what it is for together.\n{alike}")


def listed(statements: Iterable[Statement]) -> str:
    """Return statements, each on a line."""
    return "\n".join(f"  {one}" for one in statements)


class rolled_back:  # noqa: N801 - used as a function
    """Undo all that an app writes meanwhile: `with Client(app) as client, rolled_back(app):`.

    Its sessions share one transaction; a commit ends a savepoint in it. Also with `async with`,
    where the app runs on the loop of the test. Requests run one after the other. An app whose
    handlers use both kinds of sessions has one for each, which do not see each other's rows; on
    SQLite, which has one writer, that is an error. Sessions that only read write nothing here,
    either, but for SQL by hand.
    """

    def __init__(self, app: Any) -> None:
        self.app = app
        self.databases = databases_for(app)

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *failure: object) -> None:
        self.run(self.end)

    async def __aenter__(self) -> Self:
        self.begin()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.end()

    def call(self, function: Callable[..., Any], **given: Any) -> Any:
        """Call a function with its dependencies, a session say, in this transaction."""
        return self.run(lambda: self.app.call(function, **given))

    def add(self, *rows: Any) -> None:
        """Have rows in this transaction, those of a factory say; they have their keys then."""

        async def adding(db: AsyncSession) -> None:
            db.add_all(rows)

        self.call(adding)

    def plant(self, *files: str | Path) -> None:
        """Have the rows of seeds, files of JSON or Python, in this transaction."""

        async def planting(db: AsyncSession) -> None:
            for file in files:
                await db.run_sync(plant, self.databases[0].metadata, Path(file))

        self.call(planting)

    def run(self, work: Callable[[], Any]) -> Any:
        """Run a coroutine on the loop of the app, from another thread."""
        loop = self.app.tasks.loop
        if loop is None:
            what = "the app is not running"
            hint = "`with Client(app) as client, rolled_back(app):`, in this order"
            raise GambrelError("db.trial", what, "rolled_back()", hint)
        return asyncio.run_coroutine_threadsafe(work(), loop).result()

    def begin(self) -> None:
        """Have sessions join the transaction."""
        for database in self.databases:
            database.trial = Trial(database.engines)

    async def end(self) -> None:
        """Undo it."""
        async with AsyncExitStack() as closing:
            for database in self.databases:
                trial, database.trial = database.trial, None
                if trial is not None:
                    closing.push_async_callback(trial.close)


def check_migrations(app: Any) -> None:
    """See that the migrations of an app make what its models want, and undo what they do.

    Each is run up, down and up again, on an empty database that is dropped afterwards.

    Raises:
        AssertionError: They do not; it lists what differs.
    """
    built(app)
    problems = [problem for one in databases_for(app) for problem in rehearse(one.project())]
    if problems:
        raise AssertionError("\n".join(["migrations are not as they should be:", *problems]))


@contextmanager
def migrating(app: Any, to: str = "") -> Iterator[Rehearsal]:
    """Open an empty database at a revision: `with migrating(app, "0001") as database:`.

    `database.run("INSERT …")` writes rows, `database.up()` goes on, `database.rows("SELECT …")`
    shows what became of them, `database.down("0001")` goes back.
    """
    built(app)
    with rehearsing(database_of(app).project(), to) as rehearsal:
        yield rehearsal


def built(app: Any) -> None:
    """Build an app, so that its extensions have said what they bring."""
    if not isinstance(app, Database):
        app.build()


def database_of(app: Any) -> Database:
    """Return the database of an app. Raises GambrelError where it has none."""
    return databases_for(app)[0]


def databases_for(app: Any) -> list[Database]:
    """Return the databases of an app. Raises GambrelError where it has none."""
    found = [app] if isinstance(app, Database) else databases_of(app)
    if found:
        return found
    hint = "App(extensions=[Database(...)])"
    raise GambrelError("db.trial", "this app has no database", "gambrel.db.testing", hint)
