"""`make`, `merge`, `rebase`, `squash`: files that are written, and what is found out about them.

The command line calls these. What was written is tried at once: up, down and up again.
"""

import re
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from gambrel.core.http.errors import GambrelError
from gambrel.db.migrations.dry import look
from gambrel.db.migrations.folders import APP, MigrationFolder, Project
from gambrel.db.migrations.history import History, Revision
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.runner import Runner
from gambrel.db.migrations.schemas import differences, read_schema
from gambrel.db.migrations.scratch import migrated, schema_of_models, schemas_of, scratch
from gambrel.db.migrations.writing.drafts import Decide, Draft, draft_of
from gambrel.db.migrations.writing.files import id_of, text_of, write
from gambrel.db.migrations.writing.width import width_of

__all__ = ["Made", "folder_named", "has_code", "make", "make_empty", "merge", "rebase", "squash"]

_OF_ROWS = re.compile(r"\b(?:backfill|batches|connection|get_bind|session|table)\(")
"""What a migration reads or writes rows by, of which nothing is seen before it runs."""
_DOWN = re.compile(r"^down_revision\b[^=\n]*=.*$", re.MULTILINE)


class Made(Struct):
    """What was written, and what of it is not as it should be."""

    path: Path | None = None
    problems: list[str] = field(default_factory=list)
    drops: list[str] = field(default_factory=list)


def folder_named(project: Project, name: str) -> MigrationFolder:
    """Return a folder of a project. Raises GambrelError for one that there is not."""
    found = project.folder(name)
    if found is None:
        known = ", ".join(one.name for one in project.folders)
        what = f"there is no folder of migrations {name!r}"
        raise GambrelError("db.no-folder", what, "--folder", f"one of: {known}")
    return found


def make(project: Project, name: str, decide: Decide, folder: str = APP) -> Made:
    """Write what the models have and migrations lack; nothing where they are alike."""
    own, history = folder_named(project, folder), History(project)
    history.check_heads()
    wanted = schema_of_models(project)
    with migrated(project, history) as connection:
        draft = draft_of(connection, project, history, own, wanted, decide)
    if draft.is_empty:
        return Made()
    path = save(project, history, own, name, draft)
    return Made(path, try_out(project, own), sorted(draft.drops))


def make_empty(project: Project, name: str, folder: str = APP) -> Made:
    """Write a migration that does nothing yet."""
    own, history = folder_named(project, folder), History(project)
    return Made(save(project, history, own, name, Draft()))


def save(
    project: Project, history: History, folder: MigrationFolder, name: str, draft: Draft
) -> Path:
    """Write a draft behind what its folder has."""
    head = history.head(folder.name)
    revision = id_of(history, folder, name)
    return write(folder, revision, written(folder, revision, name, [head] if head else [], draft))


def written(
    folder: MigrationFolder,
    revision: str,
    name: str,
    after: list[Revision],
    draft: Draft,
    **more: str,
) -> str:
    """Return the text of a file in a folder."""
    ids, width = [one.id for one in after], width_of(folder.path)
    return text_of(revision, name, ids, draft, more=more, width=width)


def try_out(project: Project, folder: MigrationFolder) -> list[str]:
    """Return what a new migration does not do as it should: up, down, and up again."""
    history = History(project)
    own = history.head(folder.name)
    assert own is not None
    wanted = schema_of_models(project)
    with scratch(project.address) as address, connected(address) as connection:
        runner = Runner(replace(project, address=address), history, connection)
        schemas = schemas_of(project)
        for one in own.parents:
            runner.up(one)
        earlier = read_schema(connection, schemas)
        runner.up(own.id)
        problems = [
            one.told("the models", "the migrations")
            for one in differences(wanted, read_schema(connection, schemas))
            if is_of(project, folder, one.part[0])
        ]
        connection.rollback()
        runner.down(own.before, folder.name)
        problems += [
            one.told("what was before", "what its downgrade() leaves")
            for one in differences(earlier, read_schema(connection, schemas))
        ]
        connection.rollback()
    return problems


def is_of(project: Project, folder: MigrationFolder, table: str) -> bool:
    """Whether a table is a folder's to make; one that no model has is not known to be another's."""
    known = project.metadata.tables.get(table)
    return known is None or project.owner(known).name == folder.name


def merge(project: Project, name: str, folder: str = APP) -> Path:
    """Write a migration that comes after all last ones. Raises GambrelError where there is one."""
    own, history = folder_named(project, folder), History(project)
    heads = several_heads(history, folder)
    revision = id_of(history, own, name)
    return write(own, revision, written(own, revision, name, heads, Draft()))


def several_heads(history: History, folder: str) -> list[Revision]:
    """Return the last revisions of a folder. Raises GambrelError unless there are several."""
    heads = history.heads(folder)
    if len(heads) < 2:
        hint = "`gambrel db show` lists them in their order"
        what = "there are no two migrations that both come last"
        raise GambrelError("db.one-head", what, history.places, hint)
    return heads


def rebase(project: Project, text: str) -> tuple[Revision, Revision]:
    """Put a last revision, and those before it that the other last one has not, behind that."""
    history = History(project)
    moved = history.find(text)
    heads = several_heads(history, moved.folder.name)
    if moved.id not in [head.id for head in heads]:
        moved = next(head for head in heads if moved.id in history.closure([head.id]))
    others = [head for head in heads if head.id != moved.id]
    kept = history.closure([others[0].id])
    first = next(
        one for one in history.of(moved.folder.name) if is_first(one, moved, kept, history)
    )
    code = first.path.read_text(encoding="utf-8")
    changed, count = _DOWN.subn(f'down_revision = "{others[0].id}"', code, count=1)
    if not count:
        hint = 'write `down_revision = "…"` on a line of its own'
        raise GambrelError("db.migration-file", "no down_revision is found", str(first.path), hint)
    first.path.write_text(changed, encoding="utf-8")
    return first, others[0]


def is_first(one: Revision, head: Revision, kept: set[str], history: History) -> bool:
    """Whether a revision is the first of those that lead to a head and to no other."""
    return one.id in history.closure([head.id]) and one.id not in kept


class Squashed(Struct):
    """What became one: its file, those that are gone, and those that did more than make tables."""

    path: Path
    gone: list[Path]
    with_code: list[str]


def squash(project: Project, name: str, folder: str = APP) -> Squashed:
    """Write one migration in place of all. Raises GambrelError where models and these differ."""
    own, history = folder_named(project, folder), History(project)
    revisions, head = history.of(folder), history.head(folder)
    if head is None or len(revisions) < 2:
        hint = "`gambrel db make` writes the first"
        raise GambrelError("db.squash", "there are no two migrations", str(own.path), hint)
    wanted = schema_of_models(project)
    with migrated(project, history) as connection:
        found = differences(wanted, read_schema(connection, schemas_of(project)))
    if found:
        told = "; ".join(one.told("the models", "the migrations") for one in found)
        hint = f"`gambrel db make {project.target} -m NAME` first"
        raise GambrelError("db.squash", f"models and migrations differ: {told}", "", hint)
    others = [one for one in project.folders if one is not own]
    bare = replace(project, folders=[*others, replace(own, path=own.path / "none")])
    with_code = [one.id for one in revisions if has_code(one)]
    with migrated(bare, History(bare)) as connection:
        draft = draft_of(
            connection, bare, History(bare), bare.folders[-1], wanted, lambda question: ""
        )
    revision = id_of(history, own, name)
    text = written(own, revision, name, [], draft, replaces=head.id)
    for one in revisions:
        one.path.unlink()
    return Squashed(write(own, revision, text), [one.path for one in revisions], with_code)


def has_code(revision: Revision) -> bool:
    """Whether a migration does what no comparison of tables finds."""
    found = look(revision)
    kinds = {type(one).__name__ for one, _ in found.operations}
    asks_for_rows = _OF_ROWS.search(revision.path.read_text(encoding="utf-8"))
    return bool(found.problem or asks_for_rows or kinds & {"ExecuteSQLOp", "BulkInsertOp"})
