"""A part of JSON set in the database: the rest stays as it is, whoever changes that meanwhile."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import JSON, String, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from gambrel.core.http.errors import GambrelError

__all__ = ["with_part"]


class JSONPart(FunctionElement[Any]):
    """A column, a path as JSON has it, the same as an array, and a value as text."""

    type = JSON()
    inherit_cache = True
    name = "json_part"


def with_part(column: Any, path: Iterable[str | int], value: Any) -> Any:
    """Return JSON with another value at a path of keys and indexes.

    `update(Thing).values(address=with_part(Thing.address, ["street"], "Main St"))`. What is above
    the place has to be there. Raises GambrelError for a key with a quote or a backslash in it.
    """
    steps = list(path)
    names = bindparam(None, [str(step) for step in steps], type_=ARRAY(String))
    given = msgspec.json.encode(value).decode()
    written = bindparam(None, "$" + "".join(map(step_of, steps)), type_=String())
    return JSONPart(column, written, names, bindparam(None, given, type_=String()))


def step_of(step: str | int) -> str:
    """Return a step of a path as SQLite and MariaDB have it."""
    if isinstance(step, int):
        return f"[{step}]"
    if '"' in step or "\\" in step:
        what = f"{step!r} is no key that a part of JSON is found by"
        raise GambrelError("db.json-key", what, "", "keys have no quotes and no backslashes")
    return f'."{step}"'


def sql_of(compiler: Any, options: Any, *parts: Any) -> list[str]:
    """Return the SQL of parts of a statement."""
    return [compiler.process(part, **options) for part in parts]


@compiles(JSONPart)
def in_general(element: Any, compiler: Any, **options: Any) -> str:
    """Return the call as SQLite has it."""
    column, path, _, value = element.clauses
    column, path, value = sql_of(compiler, options, column, path, value)
    return f"json_set({column}, {path}, json({value}))"


@compiles(JSONPart, "postgresql")
def on_postgres(element: Any, compiler: Any, **options: Any) -> str:
    """Return the call as PostgreSQL has it."""
    column, _, path, value = element.clauses
    column, path, value = sql_of(compiler, options, column, path, value)
    return f"jsonb_set({column}, CAST({path} AS TEXT[]), CAST({value} AS JSONB))"


@compiles(JSONPart, "mysql", "mariadb")
def on_mariadb(element: Any, compiler: Any, **options: Any) -> str:
    """Return the call as MariaDB and MySQL have it."""
    column, path, _, value = element.clauses
    column, path, value = sql_of(compiler, options, column, path, value)
    return f"JSON_SET({column}, {path}, JSON_EXTRACT({value}, '$'))"
