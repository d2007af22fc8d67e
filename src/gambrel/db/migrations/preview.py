"""The SQL of migrations, written and not run: for whoever wants to read it, or run it by hand."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.runtime.migration import MigrationContext, MigrationStep
from msgspec.structs import replace
from sqlalchemy import Connection, event

from gambrel.core.http.errors import GambrelError
from gambrel.db.migrations.folders import Project
from gambrel.db.migrations.history import History, Revision
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.runner import Runner, installed
from gambrel.db.migrations.running.steps import is_read
from gambrel.db.migrations.scratch import scratch

__all__ = ["sql_of"]

_DIALECTS = {"postgresql": "postgresql", "mariadb": "mysql"}
_OURS = ("gambrel_migration", "alembic_version")


def sql_of(project: Project, since: str = "", to: str = "") -> str:
    """Return the SQL from one revision to another, by default from nothing to the last.

    Raises GambrelError for a migration that has to see rows, or is unknown.
    """
    history = History(project)
    history.check_heads()
    start = [history.find(since).id] if since else []
    goal = history.find(to).id if to else ""
    revisions = history.pending(start, goal)
    if project.address.kind == "sqlite":
        return "\n".join(sqlite_lines(project, history, revisions))
    out = io.StringIO()
    for one in revisions:
        written(project, history, one, out)
    return out.getvalue()


def written(project: Project, history: History, revision: Revision, out: io.StringIO) -> None:
    """Write one migration as Alembic writes SQL."""

    def one(_heads: Any, _context: MigrationContext) -> list[MigrationStep]:
        return [MigrationStep.upgrade_from_script(history.scripts.revision_map, revision.script)]

    heads = tuple(history.closure(revision.parents) and revision.parents)
    options = {
        "as_sql": True,
        "output_buffer": out,
        "fn": one,
        "transaction_per_migration": True,
        "starting_rev": heads or None,
        "script": history.scripts,
    }
    dialect = _DIALECTS[project.address.kind]
    context = MigrationContext.configure(dialect_name=dialect, opts=options)
    try:
        with installed(context):
            context.run_migrations()
    except GambrelError:
        raise
    except Exception as error:
        what = f"the SQL of {revision.id} depends on rows: {type(error).__name__}: {error}"
        hint = "read rows by connection(), table() and batches() of gambrel.db.migrations"
        raise GambrelError("db.migration-sql", what, str(revision.path), hint) from error


def sqlite_lines(project: Project, history: History, revisions: list[Revision]) -> Iterator[str]:
    """Yield what is run on a file of SQLite, which has to be there so that tables are rebuilt."""
    with scratch(project.address) as address, connected(address) as connection:
        runner = Runner(replace(project, address=address), history, connection)
        before = {parent for one in revisions[:1] for parent in one.parents}
        for parent in before:
            runner.up(parent)
        for one in revisions:
            with heard(connection) as lines:
                runner.up(one.id)
            yield from ["", f"-- Running {one.id}", "BEGIN;", *lines, "COMMIT;"]


@contextmanager
def heard(connection: Connection) -> Iterator[list[str]]:
    """Collect the statements that change something."""
    found: list[str] = []

    def hear(
        _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
    ) -> None:
        if not is_read(statement) and not any(name in statement for name in _OURS):
            note = f"  -- with {len(values)} values" if values else ""
            found.append(f"{statement.strip()};{note}")

    event.listen(connection.engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(connection.engine, "before_cursor_execute", hear)
