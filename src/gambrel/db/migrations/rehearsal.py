"""Migrations tried on a database of their own: for tests of apps, by `gambrel.db.testing`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, text

from gambrel.db.migrations.checking import missing
from gambrel.db.migrations.folders import APP, Project
from gambrel.db.migrations.history import History, Revision
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.runner import Runner
from gambrel.db.migrations.schemas import Schema, differences, read_schema
from gambrel.db.migrations.scratch import schemas_of, scratch

__all__ = ["Rehearsal", "rehearse", "rehearsing"]


class Rehearsal:
    """A database at some revision: write rows, go up or down, look at them."""

    def __init__(self, project: Project, connection: Connection) -> None:
        self.project = project
        self.history = History(project)
        self.connection = connection

    def up(self, to: str = "") -> None:
        """Go up to a revision, to the last by default."""
        self.connection.commit()
        Runner(self.project, self.history, self.connection).up(to)

    def down(self, to: str = "", folder: str = APP) -> None:
        """Go down to a revision, to nothing by default."""
        self.connection.commit()
        kept = [self.history.find(to).id] if to else []
        Runner(self.project, self.history, self.connection).down(kept, folder)

    def undo(self, revision: Revision) -> None:
        """Undo the last revision."""
        Runner(self.project, self.history, self.connection).down(
            revision.before, revision.folder.name
        )

    def run(self, statement: str, **values: Any) -> None:
        """Run SQL with values for its `:names`, and commit it."""
        self.connection.execute(text(statement), values)
        self.connection.commit()

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT."""
        found = [tuple(row) for row in self.connection.execute(text(statement), values)]
        self.connection.rollback()
        return found

    def schema(self) -> Schema:
        """Return what the database consists of."""
        found = read_schema(self.connection, schemas_of(self.project))
        self.connection.rollback()
        return found


@contextmanager
def rehearsing(project: Project, to: str = "") -> Iterator[Rehearsal]:
    """Open an empty database, and bring it to a revision, if one is named."""
    with scratch(project.address) as address, connected(address) as connection:
        rehearsal = Rehearsal(replace(project, address=address), connection)
        if to:
            rehearsal.up(to)
        yield rehearsal
        connection.rollback()


def rehearse(project: Project) -> list[str]:
    """Return what is wrong: with migrations and models, and with each way down and up again."""
    problems = missing(project)
    with rehearsing(project) as rehearsal:
        for revision in rehearsal.history.ordered:
            earlier = rehearsal.schema()
            rehearsal.up(revision.id)
            if not revision.is_reversible:
                continue
            later = rehearsal.schema()
            rehearsal.undo(revision)
            problems += told(revision.id, "downgrade()", earlier, rehearsal.schema())
            rehearsal.up(revision.id)
            problems += told(revision.id, "upgrade() after it", later, rehearsal.schema())
    return problems


def told(revision: str, what: str, wanted: Schema, found: Schema) -> list[str]:
    """Return lines for what differs from what was."""
    return [
        f"{revision}, {what}: {one.told('what was before', 'what is after')}"
        for one in differences(wanted, found)
    ]
