"""What a database has refused, by the attributes of the model: `name` is taken.

It says which constraint was broken, each kind of database in words of its own. A constraint has a
text of its own by `info={"message": "..."}`, and by `info={"field": "..."}` the attribute it is
told of.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper

from gambrel.core.http.errors import Fault

__all__ = ["Clash", "clash_of", "fault_of"]

TAKEN, GONE, REQUIRED, REFUSED = "unique", "foreign", "missing", "check"
_TEXTS = {
    TAKEN: "is taken already",
    GONE: "is not there any more",
    REQUIRED: "is required",
    REFUSED: "is not valid",
}
# SQLSTATE and the numbers of MariaDB and MySQL.
_KINDS: dict[str | int, str] = {
    "23505": TAKEN,
    "23503": GONE,
    "23502": REQUIRED,
    "23514": REFUSED,
    "23P01": TAKEN,
    1062: TAKEN,
    1452: GONE,
    1048: REQUIRED,
    1364: REQUIRED,
    4025: REFUSED,
    3819: REFUSED,
}
_SQLITE = re.compile(r"(UNIQUE|FOREIGN KEY|NOT NULL|CHECK) constraint failed(?:: (.*))?", re.DOTALL)
_SQLITE_KINDS = {"UNIQUE": TAKEN, "FOREIGN KEY": GONE, "NOT NULL": REQUIRED, "CHECK": REFUSED}
_MARIADB_NAMES = {  # names are looked for at the end: what a client sent stands before it
    1062: re.compile(r".* for key '(?:[^'.]*\.)?([^']+)'\Z", re.DOTALL),
    1452: re.compile(r".* FOREIGN KEY \((`[^)]+`)\) REFERENCES ", re.DOTALL),
    4025: re.compile(r"CONSTRAINT `([^`]+)` failed", re.DOTALL),
    3819: re.compile(r"Check constraint '([^']+)' is violated", re.DOTALL),
    1048: re.compile(r"Column '([^']+)'", re.DOTALL),
    1364: re.compile(r"Field '([^']+)'", re.DOTALL),
}


class Clash(Struct, frozen=True):
    """What was broken: a constraint by its `name`, or `columns`, where the database tells these."""

    kind: str
    name: str = ""
    columns: tuple[str, ...] = ()


def clash_of(error: DBAPIError) -> Clash | None:
    """Return what an error of a database says was broken; None for any other error."""
    cause: Any = error.orig
    number = cause.args[0] if getattr(cause, "args", ()) else None
    if isinstance(number, int):
        return of_mariadb(number, str(cause.args[1]) if len(cause.args) > 1 else "")
    state = getattr(cause, "sqlstate", None)
    if state:
        return of_postgres(state, cause)
    match = _SQLITE.match(str(cause))
    return None if match is None else of_sqlite(match[1], match[2] or "")


def of_postgres(state: str, cause: Any) -> Clash | None:
    """Return what PostgreSQL tells."""
    kind = _KINDS.get(state)
    if kind is None:
        return None
    told = getattr(cause, "diag", None)
    column = getattr(told, "column_name", None)
    name = getattr(told, "constraint_name", None) or ""
    return Clash(kind, name, (column,) if column else ())


def of_sqlite(what: str, told: str) -> Clash:
    """Return what SQLite tells: columns of unique constraints, names of others."""
    kind = _SQLITE_KINDS[what]
    if told.startswith("index '"):
        return Clash(kind, told.removeprefix("index '").removesuffix("'"))
    if kind in {TAKEN, REQUIRED}:
        return Clash(kind, "", tuple(part.rpartition(".")[2] for part in told.split(", ")))
    return Clash(kind, told)


def of_mariadb(number: int, told: str) -> Clash | None:
    """Return what MariaDB tells, or MySQL."""
    kind = _KINDS.get(number)
    if kind is None:
        return None
    match = _MARIADB_NAMES[number].match(told)
    told = match[1] if match else ""
    if kind in {REQUIRED, GONE}:
        return Clash(kind, "", tuple(column.strip("` ") for column in told.split(",")))
    return Clash(kind, told)


def fault_of(error: DBAPIError, model: type[Any], fields: Collection[str]) -> Fault | None:
    """Return what is wrong with which of the fields; of several columns it is told of the last.

    The path is empty where it is of no single field. None where what was broken is unknown, or has
    nothing to do with the fields: a client is told of what it has sent.
    """
    clash = clash_of(error)
    if clash is None:
        return None
    mapper: Mapper[Any] = inspect(model)
    constraint = constraint_of(mapper, clash)
    info = getattr(constraint, "info", {})
    columns = clash.columns or tuple(column.name for column in columns_of(constraint))
    names = [attribute_of(mapper, column) for column in columns]
    known = [name for name in names if name in fields]
    if not known and not (isinstance(constraint, CheckConstraint) and "message" in info):
        return None
    path = info.get("field") or (known[-1] if known else "")
    message = info.get("message") or _TEXTS[clash.kind]
    return Fault("body", path if path in fields else "", str(message), clash.kind)


def constraint_of(mapper: Mapper[Any], clash: Clash) -> Any:
    """Return the constraint or unique index of a model that was broken, or None."""
    tables: Any = mapper.tables
    for table in tables:
        for one in constraints_of(table):
            if isinstance(one, ForeignKeyConstraint) is not (clash.kind == GONE):
                continue
            names = {str(one.name)} if one.name else set(default_names(table, one))
            if clash.name in names:
                return one
            if clash.columns and {column.name for column in columns_of(one)} == set(clash.columns):
                return one
        if clash == Clash(GONE):  # SQLite does not tell which
            foreign = list(table.foreign_key_constraints)
            return foreign[0] if len(foreign) == 1 else None
    return None


def constraints_of(table: Any) -> Iterator[Any]:
    """Yield what a table holds its rows to."""
    yield from table.constraints
    yield from (index for index in table.indexes if index.unique)


def columns_of(constraint: Any) -> list[Any]:
    """Return the columns of a constraint."""
    if isinstance(constraint, ForeignKeyConstraint):
        return [element.parent for element in constraint.elements]
    return list(getattr(constraint, "columns", ()))


def default_names(table: Any, constraint: Any) -> Iterator[str]:
    """Yield the names that databases give a constraint that has none."""
    columns = [column.name for column in columns_of(constraint)]
    if columns:
        yield columns[0]  # MariaDB
        ends = {"ForeignKeyConstraint": "fkey", "CheckConstraint": "check"}
        end = ends.get(type(constraint).__name__, "key")
        yield f"{table.name}_{'_'.join(columns)}_{end}"  # PostgreSQL


def attribute_of(mapper: Mapper[Any], column: str) -> str:
    """Return the attribute of a column, by its name."""
    for prop in mapper.column_attrs:
        if any(one.name == column for one in prop.columns):
            return prop.key
    return column
