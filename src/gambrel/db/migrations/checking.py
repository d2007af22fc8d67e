"""What does not fit together: models and migrations, migrations and a database, both and safety.

`gambrel db check` and tests call this.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from gambrel.db.migrations.folders import Project
from gambrel.db.migrations.history import History, Revision
from gambrel.db.migrations.lint import Risk, risks
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.records import Records
from gambrel.db.migrations.schemas import differences, read_schema
from gambrel.db.migrations.scratch import migrated, schema_of_models, schemas_of
from gambrel.db.migrations.writing.searching import changed_searches

__all__ = ["Applied", "drift", "missing", "pending_risks", "status", "unsafe"]


class Applied(Struct, frozen=True):
    """A revision, and whether a database has it."""

    revision: str
    folder: str
    text: str
    state: str
    """`applied`, `pending`, `broken off`, `edited`, or `unknown` for one that no file has."""
    applied_at: datetime | None = None
    phase: str = "expand"


def missing(project: Project) -> list[str]:
    """Return what models have and migrations lack, and the other way. Raises GambrelError."""
    history = History(project)
    history.check_heads()
    wanted = schema_of_models(project)
    with migrated(project, history) as connection:
        found = differences(wanted, read_schema(connection, schemas_of(project)))
    told = [one.told("the models", "the migrations") for one in found]
    if not told:  # languages that this kind of database does not tell apart
        told = [one.told() for one in changed_searches(project.metadata, history, [])]
    return told


def drift(project: Project) -> tuple[list[str], list[str]]:
    """Return where a database is not as its models, and its tables that no model has.

    Raises GambrelError where it cannot be reached.
    """
    wanted = schema_of_models(project)
    with connected(project.address) as connection:
        found = differences(wanted, read_schema(connection, schemas_of(project)))
        connection.rollback()
    strangers = {one.part[0] for one in found if one.wanted is None and one.part[1] == "table"}
    told = [one.told("the models", "the database") for one in found if one.part[0] not in strangers]
    return told, sorted(strangers)


def unsafe(revisions: list[Revision]) -> list[Risk]:
    """Return what would hurt while the app is in use."""
    return [risk for revision in revisions for risk in risks(revision)]


def pending_risks(project: Project, *, expand: bool = False) -> list[Risk]:
    """Return what is unsafe in what `up` would do; nothing for a database that nobody uses yet."""
    history = History(project)
    with connected(project.address) as connection:
        heads = Records(connection).heads()
        connection.rollback()
    return unsafe(history.pending(heads, expand=expand)) if heads else []


def status(project: Project) -> list[Applied]:
    """Return all revisions in order, with what a database has of them. Raises GambrelError."""
    history = History(project)
    with connected(project.address) as connection:
        records = Records(connection)
        heads, noted = records.heads(), records.all()
        connection.rollback()
    known = {one.replaces: one.id for one in history.by_id.values() if one.replaces}
    done = history.closure([known.get(head, head) for head in heads])

    def states() -> Iterator[Applied]:
        for one in history.ordered:
            record = noted.get(one.id)
            state = "applied" if one.id in done else "pending"
            if record is not None and record.applied_at is None:
                state = "broken off"
            elif record is not None and record.checksum != one.checksum:
                state = "edited"
            moment = record.applied_at if record and one.id in done else None
            phase = "contract" if one.is_contract else "expand"
            yield Applied(one.id, one.folder.name, one.text, state, moment, phase)
        for head in history.unknown(heads):
            yield Applied(head, "", "no file has it", "unknown")

    return list(states())
