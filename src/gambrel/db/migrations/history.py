"""The revisions that the folders of migrations hold: their order, and what stands in their files.

Alembic reads the files. Knows no database.
"""

import hashlib
import io
import re
import tokenize
from ast import literal_eval
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError

from gambrel.core.http.errors import GambrelError
from gambrel.db.migrations.folders import APP, MigrationFolder, Project

__all__ = ["History", "Revision"]

_FORMATTED = re.compile("[rR]?[fF]")  # one token until Python 3.12
_SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}


class Source(SourceFileLoader):
    """Compiles a file as it is now: bytecode that is kept tells files apart by second and size."""

    def path_stats(self, path: str) -> Any:
        """Say that there is nothing to compare bytecode with."""
        raise OSError(path)


class Scripts(ScriptDirectory):
    """The files of folders, read so that what runs is what their checksums are of."""

    def _load_revisions(self) -> Iterator[Script]:
        for place in self._version_locations:
            for path in sorted(place.resolve().glob("*.py")):
                if path.name != "__init__.py":
                    module = module_of(path)
                    yield Script(module, revision_of(module, path), path)


class Revision:
    """One migration: a file with `revision`, `down_revision` and `upgrade()`."""

    def __init__(self, script: Script, folder: MigrationFolder) -> None:
        self.script = script
        self.folder = folder
        self.id: str = script.revision
        self.path = Path(script.path)
        self.text = script.doc or ""

    @property
    def parents(self) -> list[str]:
        """The revisions that come right before it, those of other folders among them."""
        return [*several(self.script.down_revision), *several(self.script.dependencies)]

    @property
    def before(self) -> list[str]:
        """Those of its own folder."""
        return several(self.script.down_revision)

    @property
    def is_contract(self) -> bool:
        """Whether it waits until no old code runs any more: `phase = "contract"`."""
        return getattr(self.script.module, "phase", "expand") == "contract"

    @property
    def is_reversible(self) -> bool:
        """Whether it can be undone: it has a `downgrade()`."""
        return hasattr(self.script.module, "downgrade")

    @property
    def accepted(self) -> set[str]:
        """The rules of safe deployments that it is known to break: `accepted = ["rename"]`."""
        return set(getattr(self.script.module, "accepted", ()))

    @property
    def replaces(self) -> str:
        """The last of the revisions that were squashed into it."""
        return str(getattr(self.script.module, "replaces", ""))

    @cached_property
    def checksum(self) -> str:
        """Tells its code from any other; comments and layout do not count."""
        return checksum(self.path.read_text(encoding="utf-8"))


class History:
    """All revisions of a project. Raises GambrelError for a file that is no migration."""

    def __init__(self, project: Project) -> None:
        self.project = project
        places = [one.path for one in project.folders]
        self.scripts = Scripts(Path.cwd(), version_locations=places)
        try:
            found = list(self.scripts.walk_revisions()) if any(map(Path.is_dir, places)) else []
        except GambrelError:
            raise
        except Exception as error:
            raise unreadable(error, places[-1]) from error
        for script in found:
            if not callable(getattr(script.module, "upgrade", None)):
                hint = "write `def upgrade() -> None:`"
                what = f"the migration {script.revision} has no upgrade()"
                raise GambrelError("db.migration-file", what, script.path, hint)
        self.by_id = {script.revision: Revision(script, self.holder(script)) for script in found}

    def holder(self, script: Script) -> MigrationFolder:
        """Return the folder in which a file lies."""
        place = Path(script.path).resolve().parent
        return next(one for one in self.project.folders if one.path.resolve() == place)

    @cached_property
    def ordered(self) -> list[Revision]:
        """All revisions, each after those before it; folder by folder where it can be."""
        rank = {one.name: number for number, one in enumerate(self.project.folders)}
        by_name = sorted(self.by_id.values(), key=lambda r: (rank[r.folder.name], r.path.name))
        placed: dict[str, Revision] = {}

        def place(revision: Revision) -> None:
            for parent in revision.parents:
                if parent in self.by_id and parent not in placed:
                    place(self.by_id[parent])
            placed.setdefault(revision.id, revision)

        for revision in by_name:
            place(revision)
        return list(placed.values())

    def of(self, folder: str) -> list[Revision]:
        """Return the revisions of a folder, in order."""
        return [one for one in self.ordered if one.folder.name == folder]

    def heads(self, folder: str) -> list[Revision]:
        """Return the last revisions of a folder: one, unless two were written at once."""
        own = self.of(folder)
        parents = {parent for one in own for parent in one.before}
        return [one for one in own if one.id not in parents]

    def head(self, folder: str) -> Revision | None:
        """Return the last revision of a folder. Raises GambrelError where there are two."""
        heads = self.heads(folder)
        if len(heads) < 2:
            return heads[0] if heads else None
        first, second = heads[0], heads[1]
        raise GambrelError(
            "db.two-heads",
            f"two migrations come last: {first.id} and {second.id}",
            f"{first.path}, {second.path}",
            f"`gambrel db rebase {self.project.target} {second.id}` puts {second.id} after "
            f"{first.id}; `gambrel db merge {self.project.target}` writes one that follows both",
        )

    def check_heads(self) -> None:
        """Raise GambrelError where a folder has two last revisions."""
        for folder in self.project.folders:
            self.head(folder.name)

    def find(self, text: str) -> Revision:
        """Return a revision by its id, or by how that begins. Raises GambrelError."""
        if text in self.by_id:
            return self.by_id[text]
        found = [one for one in self.ordered if one.id.startswith(text)] if text else []
        if len(found) == 1:
            return found[0]
        known = ", ".join(one.id for one in (found or self.ordered)[-8:]) or "there is none yet"
        what = f"{text!r} is {'several revisions' if found else 'no revision'}"
        raise GambrelError("db.no-revision", what, self.places, f"one of: {known}")

    def closure(self, ids: Iterable[str]) -> set[str]:
        """Return revisions and all that come before them; what is not known is left out."""
        found: set[str] = set()
        open_ends = [one for one in ids if one in self.by_id]
        while open_ends:
            one = open_ends.pop()
            if one not in found:
                found.add(one)
                open_ends += [p for p in self.by_id[one].parents if p in self.by_id]
        return found

    def unknown(self, heads: Iterable[str]) -> list[str]:
        """Return the heads of a database that are in no folder, and were not squashed."""
        squashed = {one.replaces for one in self.by_id.values()}
        return [head for head in heads if head not in self.by_id and head not in squashed]

    def pending(
        self, heads: Iterable[str], to: str = "", *, expand: bool = False
    ) -> list[Revision]:
        """Return what is to be applied to a database at these heads, in order.

        All, or what leads to the revision `to`; with `expand` up to the first that contracts.
        """
        done = self.closure(heads)
        wanted = self.closure([to]) if to else set(self.by_id)
        found = [one for one in self.ordered if one.id in wanted and one.id not in done]
        if not expand:
            return found
        held: set[str] = set()
        for one in found:
            if one.is_contract or held.intersection(one.parents):
                held.add(one.id)
        return [one for one in found if one.id not in held]

    def undone(self, heads: Iterable[str], to: Iterable[str], folder: str = APP) -> list[Revision]:
        """Return what is to be undone, in order: all of a folder behind `to`, and what needs it."""
        done, kept = self.closure(heads), self.closure(to)
        going: set[str] = set()
        for one in self.ordered:
            is_own = one.folder.name == folder and one.id not in kept
            if one.id in done and (is_own or going.intersection(one.parents)):
                going.add(one.id)
        return [one for one in reversed(self.ordered) if one.id in going]

    @property
    def places(self) -> str:
        """The folders, for people."""
        return ", ".join(str(one.path) for one in self.project.folders)


def module_of(path: Path) -> ModuleType:
    """Run a file of migrations."""
    spec = spec_from_file_location(path.stem, path, loader=Source(path.stem, str(path)))
    assert spec is not None
    module = module_from_spec(spec)
    Source(path.stem, str(path)).exec_module(module)
    return module


def revision_of(module: ModuleType, path: Path) -> str:
    """Return the id in a file. Raises GambrelError where it has none."""
    found = getattr(module, "revision", None)
    if isinstance(found, str):
        return found
    hint = f'write `revision = "{path.stem}"`, or move the file elsewhere'
    raise GambrelError("db.migration-file", "a file says no revision", str(path), hint)


def several(value: Any) -> list[str]:
    """Return none, one or several as a list."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def checksum(code: str) -> str:
    """Return what tells code from other code, whatever its comments and layout."""
    parts: list[str] = []
    for token in words(code):
        if parts and parts[-1] == "," and token in {")", "]", "}"}:
            parts.pop()  # a comma that a formatter has put there
        parts.append(token)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def words(code: str) -> Iterator[str]:
    """Yield the tokens that mean something; texts without their quotes."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.STRING and not _FORMATTED.match(token.string):
            yield repr(literal_eval(token.string))
        elif token.type in {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}:
            yield tokenize.tok_name[token.type]
        elif token.type not in _SILENT:
            yield token.string


def unreadable(error: Exception, place: Path) -> GambrelError:
    """Return the error of files that are no migrations."""
    reason = str(error).strip() or type(error).__name__
    hint = "correct the file: `gambrel db make --empty` writes one as it should be"
    if isinstance(error, KeyError) or "is not present" in reason:
        hint = "a file is missing, or `down_revision` names none: restore it from version control"
    if not isinstance(error, CommandError | KeyError):
        reason = f"{type(error).__name__}: {reason}"
    return GambrelError(
        "db.migration-file", f"the migrations cannot be read: {reason}", str(place), hint
    )
