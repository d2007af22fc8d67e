"""What reflection of SQLite by SQLAlchemy does not see, because it reads the text of a table.

`complete(connection)` adds it, from what SQLite says of itself: what happens to rows whose other
row goes away, where a key is said at its column, unique columns whose type has a length, and types
that SQLite does not know either: there `STRING` may be anything, and `UUID` is no number.
"""

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text, types

from gambrel.db.inspection.verbatim import Verbatim

__all__ = ["complete"]

_ACTIONS = text("SELECT * FROM pragma_foreign_key_list(:name)")
_INDEXES = text("SELECT name FROM pragma_index_list(:name) WHERE origin = 'u' ORDER BY seq DESC")
_WORDS = re.compile(r"([\w ]+)(?:\((\d+)\))?")
_NUMBERS = {"NUMERIC", "DECIMAL", "NUMBER", "MONEY", "CURRENCY"}
_OCTETS = {"BINARY": types.BINARY, "VARBINARY": types.VARBINARY}
_COLUMNS = text("SELECT name FROM pragma_index_info(:name) ORDER BY seqno")


def complete(connection: Connection) -> None:
    """Let reflection by a connection, and others of its engine, see all; of SQLite alone.

    Who compares models with a database calls it before; more than once does nothing more.
    """
    dialect: Any = connection.dialect
    if dialect.name != "sqlite" or "get_foreign_keys" in vars(dialect):
        return
    foreign_keys, uniques = dialect.get_foreign_keys, dialect.get_unique_constraints
    affinity = dialect._resolve_type_affinity  # noqa: SLF001 - no public way to the name of a type

    def get_foreign_keys(asked: Any, table: str, schema: Any = None, **options: Any) -> Any:
        found = foreign_keys(asked, table, schema, **options)
        return with_actions(asked, table, found)

    def get_unique_constraints(asked: Any, table: str, schema: Any = None, **options: Any) -> Any:
        found = uniques(asked, table, schema, **options)
        return [*found, *missing_uniques(asked, table, found)]

    dialect.get_foreign_keys = get_foreign_keys
    dialect.get_unique_constraints = get_unique_constraints
    dialect._resolve_type_affinity = lambda name: type_of(name, affinity)  # noqa: SLF001


def type_of(name: str, affinity: Callable[[str], Any]) -> Any:
    """Return the type of a column: by its name, where that is no kind of number."""
    found = affinity(name)
    words = _WORDS.match(name.upper())
    known = words[1].strip() if words else ""
    if type(found) is not types.NUMERIC or known in _NUMBERS:
        return found
    length = int(words[2]) if words and words[2] else None
    return _OCTETS[known](length) if known in _OCTETS else Verbatim(name)


def with_actions(connection: Connection, table: str, keys: list[Any]) -> list[Any]:
    """Return foreign keys with what they do."""
    listed = connection.execute(_ACTIONS, {"name": table})
    actions: dict[Any, Any] = {row["from"]: row for row in listed.mappings()}
    for key in keys:
        row = actions.get(key["constrained_columns"][0], {})
        for option, name in (("ondelete", "on_delete"), ("onupdate", "on_update")):
            if row.get(name, "NO ACTION") != "NO ACTION":
                key["options"].setdefault(option, row[name])
    return keys


def missing_uniques(connection: Connection, table: str, known: list[Any]) -> list[Any]:
    """Return unique constraints that are not among those that are known."""
    names = {tuple(sorted(one["column_names"])) for one in known}
    found = []
    for index in connection.execute(_INDEXES, {"name": table}).scalars().all():
        columns = list(connection.execute(_COLUMNS, {"name": index}).scalars())
        if tuple(sorted(columns)) not in names:
            found.append({"name": None, "column_names": columns})
    return found
