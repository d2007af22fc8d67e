"""What a database consists of, as plain text that can be compared with that of another.

Both sides are read from the same kind of database, so whatever that makes of a type or a default,
it makes of both.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.exc import UnsupportedCompilationError

from gambrel.db.inspection.sqlite import complete
from gambrel.db.migrations.running.records import HIDDEN

__all__ = ["SEARCH", "Difference", "Part", "Schema", "differences", "hidden_in", "read_schema"]

Part = tuple[str, str]
"""A table and what of it: `("hero", "column age")`; of a type, no table."""
Schema = Mapping[Part, str]
SEARCH = "search"
"""What of a table of SQLite is searched by a virtual one."""
_TABLE = "table"
_FTS = re.compile(r"fts5\s*\((.*)\)\s*$", re.IGNORECASE | re.DOTALL)


class Difference(Struct, frozen=True):
    """One part that two databases do not have alike; None where one has it not at all."""

    part: Part
    wanted: str | None
    found: str | None

    def told(self, wanted: str, found: str) -> str:
        """Return a line: who has it, `wanted` and `found` being what the two are called."""
        name = " ".join(filter(None, self.part)).replace(" column ", ".", 1)
        name = name.removesuffix(f" {_TABLE}")
        if self.found is None:
            return f"{name}: in {wanted}, not in {found}"
        if self.wanted is None:
            return f"{name}: in {found}, not in {wanted}"
        return f"{name}: {self.wanted} in {wanted}, {self.found} in {found}"


def differences(wanted: Schema, found: Schema) -> list[Difference]:
    """Return where two schemas differ; of a table that one lacks, only that."""
    parts = sorted({*wanted, *found})
    found_all = [
        Difference(part, wanted.get(part), found.get(part))
        for part in parts
        if wanted.get(part) != found.get(part)
    ]
    absent = {one.part[0] for one in found_all if one.part[1] == _TABLE}
    return [one for one in found_all if one.part[1] == _TABLE or one.part[0] not in absent]


def read_schema(connection: Connection, schemas: Iterable[str | None] = (None,)) -> Schema:
    """Return what a database consists of, but for the tables of migrations themselves."""
    complete(connection)
    inspector, hidden = inspect(connection), hidden_in(connection)
    found = searches(connection)
    for schema in schemas:
        for (_, name), columns in inspector.get_multi_columns(schema=schema).items():
            if name not in hidden:
                table = f"{schema}.{name}" if schema else name
                found[table, _TABLE] = "yes"
                found |= {
                    (table, f"column {one['name']}"): column_of(one, connection) for one in columns
                }
        found |= constraints(inspector, schema, hidden)
        found |= types(inspector, schema)
    return found


def hidden_in(connection: Connection) -> set[str]:
    """Return tables that are no model's business: ours, and those that belong to indexes."""
    if connection.dialect.name != "sqlite":
        return HIDDEN
    asked = "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"
    return {*HIDDEN, *connection.exec_driver_sql(asked).scalars()}


def searches(connection: Connection) -> dict[Part, str]:
    """Return what is searched on SQLite, with the triggers that keep it up to date."""
    if connection.dialect.name != "sqlite":
        return {}
    asked = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
    rows = [tuple(row) for row in connection.exec_driver_sql(asked)]
    found: dict[Part, str] = {}
    for _, name, code in rows:
        inner = _FTS.search(code) if name.endswith("_search") else None
        if inner is not None:
            kept = [one for kind, one, _ in rows if kind == "trigger" and one.startswith(name)]
            text = f"({inner[1]}) kept by {', '.join(kept) or 'nothing'}"
            found[name.removesuffix("_search"), SEARCH] = text
    return found


def constraints(inspector: Inspector, schema: str | None, hidden: set[str]) -> dict[Part, str]:
    """Return keys, indexes and conditions of all tables."""
    found: dict[Part, str] = {}
    readers: list[tuple[Any, Any]] = [
        (inspector.get_multi_indexes, index_of),
        (inspector.get_multi_unique_constraints, unique_of),
        (inspector.get_multi_foreign_keys, reference_of),
        (inspector.get_multi_check_constraints, check_of),
    ]
    for read, describe in readers:
        for (_, name), entries in read(schema=schema).items():
            if name not in hidden:
                table = f"{schema}.{name}" if schema else name
                found |= {(table, key): value for key, value in map(describe, entries) if key}
    for (_, name), key in inspector.get_multi_pk_constraint(schema=schema).items():
        if name not in hidden and key["constrained_columns"]:
            table = f"{schema}.{name}" if schema else name
            found[table, "primary key"] = listed(key["constrained_columns"])
    return found


def types(inspector: Inspector, schema: str | None) -> dict[Part, str]:
    """Return the types of PostgreSQL that list their values."""
    read: Any = getattr(inspector, "get_enums", None)
    found = [] if read is None else read(schema=schema)
    return {("", f"type {one['name']}"): json.dumps(one["labels"]) for one in found}


def column_of(column: Any, connection: Connection) -> str:
    """Return a column as text."""
    try:
        kind = column["type"].compile(connection.dialect)
    except UnsupportedCompilationError:
        kind = repr(column["type"])
    words = [kind, "" if column["nullable"] else "NOT NULL"]
    if column.get("computed"):
        words.append(f"AS ({column['computed']['sqltext']})")
    elif column.get("identity"):
        words.append("IDENTITY")
    elif column.get("default") not in {None, "NULL"}:
        words.append(default_of(str(column["default"])))
    words.append(f"COMMENT {column['comment']!r}" if column.get("comment") else "")
    return " ".join(filter(None, words))


def default_of(code: str) -> str:
    """Return a default; the sequence of a key has a name that follows no renaming."""
    return "SERIAL" if code.startswith("nextval(") else f"DEFAULT {code}"


def index_of(index: Any) -> tuple[str, str]:
    """Return an index; none for what stands for a unique constraint."""
    if index.get("duplicates_constraint") or not index["name"]:
        return "", ""
    parts = index.get("expressions") or index["column_names"]
    options = {k: v for k, v in sorted(index.get("dialect_options", {}).items()) if v}
    more = f" {options}" if options else ""
    return f"index {index['name']}", f"{'UNIQUE ' if index['unique'] else ''}{listed(parts)}{more}"


def unique_of(constraint: Any) -> tuple[str, str]:
    """Return a unique constraint."""
    columns = listed(constraint["column_names"])
    return f"unique {constraint['name'] or columns}", columns


def reference_of(key: Any) -> tuple[str, str]:
    """Return a foreign key."""
    local = listed(key["constrained_columns"])
    referred = ".".join(filter(None, (key["referred_schema"], key["referred_table"])))
    options = {k: v for k, v in sorted(key["options"].items()) if v not in {None, "NO ACTION"}}
    text = f"{local} -> {referred}{listed(key['referred_columns'])}"
    return f"foreign key {key['name'] or local}", f"{text} {options}" if options else text


def check_of(constraint: Any) -> tuple[str, str]:
    """Return a condition; one without a name by its text."""
    text = str(constraint["sqltext"])
    return f"check {constraint['name'] or text}", text


def listed(names: Iterable[Any]) -> str:
    """Return names in parentheses."""
    return f"({', '.join(map(str, names))})"
