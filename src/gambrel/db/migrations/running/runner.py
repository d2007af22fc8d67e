"""Up and down: one migration after the other, each with what is noted of it in one transaction.

Between two of them nothing is taken for granted: where the database is, is read anew. The extension
calls this at start, and `gambrel db`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from msgspec.structs import replace
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gambrel.core.http.errors import GambrelError
from gambrel.db.failures import code_of
from gambrel.db.migrations.folders import Project
from gambrel.db.migrations.history import History, Revision
from gambrel.db.migrations.nothing import NOTHING
from gambrel.db.migrations.running.locks import WAIT, alone
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.rebuilding import rebuilding
from gambrel.db.migrations.running.records import Record, Records, now
from gambrel.db.migrations.running.steps import Steps, steps_of

__all__ = ["PROXY", "Runner", "is_current", "migrate"]

PROXY = threading.RLock()
"""Held while migrations run: what files import as `op` is one object of the whole process."""
PATIENCE = 60.0
"""Seconds for which a migration that finds a table locked is begun again."""
_PAUSE = 0.5
_BUSY = {"55P03", 1205}
"""A lock that was not had in time: PostgreSQL's SQLSTATE, MariaDB's number."""

Choose = Callable[[list[str]], list[Revision]]
Tell = Callable[[Revision, float], None]


def migrate(project: Project, tell: Tell = lambda revision, seconds: None) -> None:
    """Bring a database up to date: all that an app needs at its start. Raises GambrelError.

    One that is newer than the code is left as it is: old code starts again while new code waits.
    """
    history = History(project)
    history.check_heads()
    with connected(project.address) as connection:
        records = Records(connection)
        if is_current(history, records) or history.unknown(records.heads()):
            return
        connection.rollback()
        with alone(connection, project.address.kind):
            Runner(project, history, connection, tell).run(history.pending, down=False)


def is_current(history: History, records: Records) -> bool:
    """Whether there is nothing to do; asked first, so that a start takes no lock for nothing."""
    heads = records.heads()
    return not history.pending(heads) and all(head in history.by_id for head in heads)


class Runner:
    """Runs migrations on a connection; who calls it is alone."""

    def __init__(
        self,
        project: Project,
        history: History,
        connection: Connection,
        tell: Tell = lambda revision, seconds: None,
    ) -> None:
        self.project = project
        self.history = history
        self.connection = connection
        self.tell = tell
        self.kind = project.address.kind
        self.records = Records(connection)
        self.patience = PATIENCE

    def up(self, to: str = "", *, expand: bool = False, wait: float = WAIT) -> None:
        """Apply what is not applied yet, or what leads to a revision. Raises GambrelError."""
        goal = self.history.find(to).id if to else ""
        self.history.check_heads()
        with alone(self.connection, self.kind, wait):
            self.run(partial(self.history.pending, to=goal, expand=expand), down=False)

    def down(self, to: Sequence[str], folder: str, *, wait: float = WAIT) -> None:
        """Undo what a folder has applied behind revisions. Raises GambrelError."""
        with alone(self.connection, self.kind, wait):
            self.run(partial(self.history.undone, to=to, folder=folder), down=True)

    def stamp(self, text: str, *, wait: float = WAIT) -> Revision:
        """Say that a revision is applied, and run nothing. Raises GambrelError."""
        revision = self.history.find(text)
        with alone(self.connection, self.kind, wait):
            self.records.make()
            heads = self.records.heads()
            is_known = revision.id in self.history.closure(heads)
            if not is_known:
                context = MigrationContext.configure(self.connection)
                context.stamp(self.history.scripts, revision.id)
            meant = {revision.id} if is_known else self.history.closure([revision.id])
            for one in meant:
                self.records.write(record_of(self.history.by_id[one]))
            self.connection.commit()
        return revision

    def run(self, choose: Choose, *, down: bool) -> None:
        """Run migrations until there are none to choose. Raises GambrelError."""
        until = time.monotonic() + self.patience
        is_done = False
        while not is_done:
            try:
                is_done = self.step(choose, down=down) is None
                until = time.monotonic() + self.patience
            except DBAPIError as error:
                self.connection.rollback()
                if code_of(error.orig) not in _BUSY:
                    raise failed(error) from error
                if time.monotonic() > until:
                    raise blocked(error) from error
                time.sleep(_PAUSE)
            except BaseException:
                if not self.connection.invalidated:
                    self.connection.rollback()
                raise

    def step(self, choose: Choose, *, down: bool) -> Revision | None:
        """Run one migration, or none."""
        chosen: list[Revision] = []
        began = time.monotonic()

        def one(heads: Any, context: MigrationContext) -> Iterator[MigrationStep]:
            found = self.choose(list(heads), choose, down=down)
            if found is not None:
                chosen.append(found)
                yield self.prepared(found, context, down=down)

        def applied(**given: Any) -> None:
            self.note(chosen[0], down=down)

        options = {"fn": one, "transaction_per_migration": True, "on_version_apply": [applied]}
        context = MigrationContext.configure(self.connection, opts=options)
        if self.connection.in_transaction():
            self.connection.rollback()
        self.connection.begin()  # what is read of it holds until it is done
        with installed(context):
            context.run_migrations()
        self.connection.commit()
        if chosen:
            self.tell(chosen[0], time.monotonic() - began)
        return chosen[0] if chosen else None

    def choose(self, heads: list[str], choose: Choose, *, down: bool) -> Revision | None:
        """Return the next migration, once nothing speaks against it."""
        self.records.make()
        records = self.records.all()
        heads = self.adopt(heads, records)
        if lost := self.history.unknown(heads):
            raise newer(lost, self.history.places)
        self.check_applied(heads, records)
        found = next(iter(choose(heads)), None)
        broken = next((one for one in records.values() if one.applied_at is None), None)
        if broken is not None:
            self.check_broken(broken, found, down=down)
        if found is not None and down and not found.is_reversible:
            raise irreversible(found)
        return found

    def adopt(self, heads: list[str], records: dict[str, Record]) -> list[str]:
        """Take revisions that were squashed for the one that they are now."""
        for revision in self.history.by_id.values():
            if revision.replaces in heads:
                self.records.replace_head(revision.replaces, revision.id)
                self.records.write(record_of(revision))
                heads = [revision.id if one == revision.replaces else one for one in heads]
                records[revision.id] = record_of(revision)
        return heads

    def check_applied(self, heads: list[str], records: dict[str, Record]) -> None:
        """Raise GambrelError where a file is another than the one that was applied."""
        for one in self.history.ordered:
            record = records.get(one.id)
            if record is not None and record.applied_at and record.checksum != one.checksum:
                raise edited(one, self.project.target)

    def check_broken(self, broken: Record, found: Revision | None, *, down: bool) -> None:
        """Raise GambrelError where another migration is to run than the one that broke off."""
        direction = "down" if down else "up"
        if found is None or (found.id, direction) != (broken.revision, broken.direction):
            what = f"the migration {broken.revision} was broken off on its way {broken.direction}"
            hint = f"`gambrel db {broken.direction} {self.project.target}` brings it to its end"
            raise GambrelError("db.migration-broken", what, broken.revision, hint)

    def prepared(
        self, revision: Revision, context: MigrationContext, *, down: bool
    ) -> MigrationStep:
        """Return a migration with what is counted of it."""
        make = MigrationStep.downgrade_from_script if down else MigrationStep.upgrade_from_script
        step = make(self.history.scripts.revision_map, revision.script)
        run, direction = step.migration_fn, "down" if down else "up"
        found = self.records.all().get(revision.id)
        is_resumed = found is not None and found.applied_at is None
        record = found if found and is_resumed else record_of(revision, direction)

        def migration() -> None:
            steps = Steps(self.connection, record)
            with steps.watching(context):
                run()

        step.migration_fn = migration
        return step

    def note(self, revision: Revision, *, down: bool) -> None:
        """Write what was done, into its transaction."""
        if self.kind == "sqlite":
            check_references(self.connection, revision)
        if down:
            self.records.forget(revision.id)
        else:
            self.records.write(replace(record_of(revision), applied_at=now()))


@contextmanager
def installed(context: MigrationContext) -> Iterator[Operations]:
    """Let files of migrations work on this context."""
    operations = Operations(context)
    plain = operations.batch_alter_table

    @contextmanager
    def batch_alter_table(table_name: str, *arguments: Any, **options: Any) -> Iterator[Any]:
        steps = steps_of(context)
        if steps is not None and steps.is_skipping and not steps.counts:
            yield NOTHING  # the table is not as it was before this was done
            return
        is_rebuilt = context.dialect.name == "sqlite" and not context.as_sql
        with (
            rebuilding(operations.get_bind(), table_name) if is_rebuilt else nullcontext(),
            plain(table_name, *arguments, **options) as batch,
        ):
            yield batch

    operations.batch_alter_table = batch_alter_table  # type: ignore[method-assign]
    with PROXY:
        operations._install_proxy()  # noqa: SLF001 - as `Operations.context()` does
        try:
            yield operations
        finally:
            operations._remove_proxy()  # noqa: SLF001


def record_of(revision: Revision, direction: str = "") -> Record:
    """Return the record of a migration: one that is applied, or has not begun in a direction."""
    done = None if direction else now()
    return Record(revision.id, revision.checksum, direction or "up", done)


def check_references(connection: Connection, revision: Revision) -> None:
    """Raise GambrelError where a row refers to none: SQLite was told not to look."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        what = f"after {revision.id}, a row of {broken[0]} refers to none of {broken[2]}"
        hint = f"correct the rows first, in the migration; row id {broken[1]} is the first"
        raise GambrelError("db.migration-references", what, str(revision.path), hint)


def edited(revision: Revision, target: str) -> GambrelError:
    """Return the error of a file that was changed after it was applied."""
    what = f"the migration {revision.id} was edited after it was applied to this database"
    hint = (
        f"restore the file, and write a new one: `gambrel db make {target}`; if both do the same, "
        f"`gambrel db stamp {target} {revision.id}`"
    )
    return GambrelError("db.migration-edited", what, str(revision.path), hint)


def newer(lost: list[str], places: str) -> GambrelError:
    """Return the error of a database that knows more than the code."""
    what = f"the database is at {', '.join(lost)}, which no file has: it is newer than this code"
    hint = "deploy the code that has it; or go down with that first, or up where it was squashed"
    return GambrelError("db.migration-newer", what, places, hint)


def irreversible(revision: Revision) -> GambrelError:
    """Return the error of what cannot be undone."""
    what = f"the migration {revision.id} cannot be undone: it has no `downgrade()`"
    hint = "write one, or go on with a new migration that puts things right"
    return GambrelError("db.irreversible", what, str(revision.path), hint)


def failed(error: DBAPIError) -> GambrelError:
    """Return the error of a statement that the database refuses."""
    what = f"a migration failed, and is undone as far as the database can: {error.orig}"
    hint = "correct the migration or the rows, and type the same again"
    return GambrelError("db.migration-failed", what, str(error.statement or ""), hint)


def blocked(error: DBAPIError) -> GambrelError:
    """Return the error of a table that others never let go."""
    what = f"a table is locked by others all the time: {error.orig}"
    hint = "end what holds it (`SELECT * FROM pg_stat_activity`), or try at a quieter hour"
    return GambrelError("db.migration-blocked", what, str(error.statement or ""), hint)
