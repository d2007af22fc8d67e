"""Types of PostgreSQL whose values are listed: `Enum(Colour)` of SQLAlchemy, which is native there.

Elsewhere these do nothing, for there the list belongs to the column.
"""

from collections.abc import Mapping, Sequence

from alembic import op
from sqlalchemy import text

from gambrel.db.migrations.operations.online import is_postgres, quoted

__all__ = ["add_enum_values", "create_enum", "drop_enum", "replace_enum"]


def create_enum(name: str, values: Sequence[str]) -> None:
    """Make a type."""
    if is_postgres():
        op.execute(f"CREATE TYPE {quoted(name)} AS ENUM ({listed(values)})")


def drop_enum(name: str) -> None:
    """Remove a type that no column has any more."""
    if is_postgres():
        op.execute(f"DROP TYPE {quoted(name)}")


def add_enum_values(name: str, *values: str) -> None:
    """Add values at the end. No statement of the same migration can use them."""
    if is_postgres():
        for value in values:
            op.execute(text(f"ALTER TYPE {quoted(name)} ADD VALUE IF NOT EXISTS {literal(value)}"))


def replace_enum(
    name: str, values: Sequence[str], columns: Sequence[tuple[str, str]], **renamed: str
) -> None:
    """Let a type have other values, in `columns`: pairs of table and column.

    The tables are written anew, under a lock. A row with a value that is gone fails; `renamed` maps
    old values to new ones.
    """
    if not is_postgres():
        return
    old = quoted(f"{name}_old"[:63])
    op.execute(f"ALTER TYPE {quoted(name)} RENAME TO {old}")
    create_enum(name, values)
    for table, column in columns:
        kept = as_renamed(quoted(column), renamed)
        op.execute(
            text(
                f"ALTER TABLE {quoted(table)} ALTER COLUMN {quoted(column)} "
                f"TYPE {quoted(name)} USING ({kept})\\:\\:{quoted(name)}"
            )
        )
    op.execute(f"DROP TYPE {old}")


def as_renamed(column: str, renamed: Mapping[str, str]) -> str:
    """Return the SQL of a value as text, by its new name."""
    whens = "".join(f" WHEN {literal(a)} THEN {literal(b)}" for a, b in renamed.items())
    as_text = f"CAST({column} AS text)"
    return f"CASE {as_text}{whens} ELSE {as_text} END" if whens else as_text


def listed(values: Sequence[str]) -> str:
    """Return values as SQL lists them."""
    return ", ".join(map(literal, values))


def literal(value: str) -> str:
    """Return a text as it stands in SQL that is bound by SQLAlchemy."""
    return "'" + value.replace("'", "''").replace(":", "\\:") + "'"
