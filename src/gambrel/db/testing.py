"""For tests of apps: statements counted, and a database that is afterwards as it was before."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from gambrel.core.http.errors import GambrelError
from gambrel.db.extension import Database
from gambrel.db.migrations.rehearsal import Rehearsal, rehearse, rehearsing
from gambrel.db.sessions import AsyncSession
from gambrel.db.transfer.seeds import plant
from gambrel.db.trials import Trial
from gambrel.db.watching import Statement

__all__ = ["check_migrations", "migrating", "queries", "rolled_back"]


@contextmanager
def queries(app: Any, *, max: int | None = None) -> Iterator[list[Statement]]:  # noqa: A002
    """Collect the statements that an app runs meanwhile: `with queries(app, max=3):`.

    Raises:
        AssertionError: There were more than `max`; it lists them.
    """
    watch = database_of(app).watch
    found: list[Statement] = []
    watch.hearers.append(found.append)
    try:
        yield found
    finally:
        watch.hearers.remove(found.append)
    if max is not None and len(found) > max:
        lines = "\n".join(f"  {one}" for one in found)
        raise AssertionError(f"{len(found)} statements where {max} were to do:\n{lines}")


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
        self.database = database_of(app)

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

    def plant(self, *files: str | Path) -> None:
        """Have the rows of seeds, files of JSON or Python, in this transaction."""

        async def planting(db: AsyncSession) -> None:
            for file in files:
                await db.run_sync(plant, self.database.metadata, Path(file))

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
        self.database.trial = Trial(self.database.engines)

    async def end(self) -> None:
        """Undo it."""
        trial, self.database.trial = self.database.trial, None
        if trial is not None:
            await trial.close()


def check_migrations(app: Any) -> None:
    """See that the migrations of an app make what its models want, and undo what they do.

    Each is run up, down and up again, on an empty database that is dropped afterwards.

    Raises:
        AssertionError: They do not; it lists what differs.
    """
    built(app)
    problems = rehearse(database_of(app).project())
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
    if isinstance(app, Database):
        return app
    for extension in app.extensions:
        if isinstance(extension, Database):
            return extension
    hint = "App(extensions=[Database(...)])"
    raise GambrelError("db.trial", "this app has no database", "gambrel.db.testing", hint)
