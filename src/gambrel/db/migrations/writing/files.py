"""Files of migrations: their names, their text, and what stands in each."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.db.migrations.folders import APP, MigrationFolder
from gambrel.db.migrations.history import History
from gambrel.db.migrations.writing.drafts import Draft

__all__ = ["id_of", "text_of", "write"]

LONGEST = 32
"""As many characters has the column in which Alembic keeps where a database is."""
_WORDS = re.compile(r"[^a-z0-9]+")
_NUMBER = re.compile(r"(\d+)")


def id_of(history: History, folder: MigrationFolder, name: str) -> str:
    """Return the id of a new revision: its number, and what it is called."""
    own = history.of(folder.name)
    numbers = [int(m[1]) for one in own if (m := _NUMBER.search(one.path.stem))]
    number = f"{max(numbers, default=0) + 1:04}"
    prefix = "" if folder.name == APP else f"{folder.name}_"
    slug = _WORDS.sub("_", name.lower()).strip("_") or "migration"
    made = f"{prefix}{number}_{slug}"[:LONGEST].rstrip("_")
    if made in history.by_id:
        raise GambrelError("db.migration-file", f"there is a {made!r} already", name, "-m NAME")
    return made


def text_of(
    revision: str,
    name: str,
    after: Sequence[str],
    draft: Draft,
    *,
    more: dict[str, Any] | None = None,
    width: int = 88,
) -> str:
    """Return the text of a file."""
    head = f'"""{sentence(name)}"""\n\n'
    facts: dict[str, Any] = {"revision": revision, "down_revision": one_or_several(after)}
    if draft.depends_on:
        facts["depends_on"] = one_or_several(draft.depends_on)
    facts |= more or {}
    body = "\n".join(f"{key} = {shown(value)}" for key, value in facts.items())
    functions = [f"def upgrade() -> None:\n{block(draft.up)}"]
    if draft.down or not draft.up:
        functions.append(f"def downgrade() -> None:\n{block(draft.down)}")
    parts = [body, *functions]
    return f"{head}{imports(draft, width)}{parts[0]}\n\n\n" + "\n\n\n".join(parts[1:]) + "\n"


def imports(draft: Draft, width: int) -> str:
    """Return the imports of a file."""
    code = "\n".join([*draft.up, *draft.down])
    theirs = ["import sqlalchemy as sa"] if "sa." in code else []
    dialects = [d for d in ("mysql", "postgresql", "sqlite") if f"{d}." in code]
    theirs += ["from alembic import op"] if re.search(r"\bop\.", code) else []
    theirs += [f"from sqlalchemy.dialects import {', '.join(dialects)}"] if dialects else []
    ours = []
    if draft.types:
        ours.append(imported("gambrel.db", sorted(draft.types, key=order), width))
    if draft.names:
        ours.append(imported("gambrel.db.migrations", sorted(draft.names), width))
    blocks = ["\n".join(lines) for lines in (theirs, ours) if lines]
    return "\n\n".join(blocks) + "\n\n" if blocks else ""


def imported(module: str, names: Sequence[str], width: int) -> str:
    """Return an import, with a line for each name where it gets long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= width:
        return line
    inner = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{inner})"


def order(name: str) -> tuple[int, str]:
    """Return where a name stands among those that are imported: constants, then classes."""
    return (0 if name.isupper() else 1, name)


def block(lines: list[str]) -> str:
    """Return the body of a function."""
    return "\n".join(lines) if lines else "    pass"


def sentence(name: str) -> str:
    """Return a name as a sentence."""
    plain = name.replace("_", " ").replace("\\", "/").replace('"', "'").strip()
    return f"{plain[:1].upper()}{plain[1:]}{'' if plain.endswith('.') else '.'}"


def one_or_several(values: Sequence[str]) -> Any:
    """Return none, one text, or several."""
    return None if not values else values[0] if len(values) == 1 else tuple(values)


def shown(value: Any) -> str:
    """Return a value as code, with double quotes."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        inner = ", ".join(map(shown, value))
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{comma})"
    return repr(value)


def write(folder: MigrationFolder, revision: str, text: str) -> Path:
    """Write a file, and make its folder if need be."""
    folder.path.mkdir(parents=True, exist_ok=True)
    path = folder.path / f"{revision}.py"
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
