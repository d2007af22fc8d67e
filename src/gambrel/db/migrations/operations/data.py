"""Rows within a migration: a connection, a session, tables as they are then, work in batches.

Models are not used there: they are those of today, and the migration is one of its day.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

import msgspec
from alembic import op
from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    Row,
    Table,
    and_,
    inspect,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from gambrel.core.http.errors import GambrelError
from gambrel.db.migrations.nothing import NOTHING
from gambrel.db.migrations.running.steps import steps_of

__all__ = ["backfill", "batches", "connection", "session", "table"]

SIZE = 1000
"""Rows of a batch, unless it says otherwise."""
Condition = str | ColumnElement[bool]


def connection() -> Connection:
    """Return the connection of the migration that runs; where SQL is only written, one to nothing.

    Its transaction is committed for you, when the migration is at its end.
    """
    return NOTHING if op.get_context().as_sql else op.get_bind()


def session() -> Session:
    """Return a session on that connection; `flush()` it at the end."""
    nothing: Session = NOTHING
    return nothing if op.get_context().as_sql else Session(op.get_bind())


def table(name: str, schema: str | None = None) -> Table:
    """Return a table with the columns that it has at this moment of its history."""
    steps, nothing = steps_of(op.get_context()), cast("Table", NOTHING)
    if op.get_context().as_sql:
        return nothing
    if steps is not None and steps.is_skipping and not is_there(name, schema):
        return nothing  # of what is done already, and is gone by now
    return Table(name, MetaData(), autoload_with=op.get_bind(), schema=schema)


def batches(
    name: str, *columns: str, where: Condition = "", size: int = SIZE, pause: float = 0.0
) -> Iterator[list[Row[Any]]]:
    """Yield rows in lists by their primary key, and commit what is done for each list.

    Killed in the middle, it goes on behind the last list that was committed. `columns` are those
    that are wanted, else all; `pause` is how many seconds to leave the database to others after
    each. Raises GambrelError for a table without a primary key.
    """
    asked = Asked(lambda found: [found.c[one] for one in columns] or list(found.c), where, size)
    yield from (rows for _, rows in lists(name, asked, pause))


class Asked(NamedTuple):
    """What of a table is gone through."""

    columns: Callable[[Table], list[Any]]
    where: Condition
    size: int


def lists(name: str, asked: Asked, pause: float) -> Iterator[tuple[Table, list[Row[Any]]]]:
    """Yield a table and its rows in lists, and commit what is done for each."""
    steps = steps_of(op.get_context())
    if steps is None:
        return
    context = op.get_context()
    was_begun = steps.commit(context)
    if not steps.is_skipping:
        found = table(name)
        after = steps.record.checkpoint if was_begun else ""
        for rows, key in walk(found, asked, after):
            yield found, rows
            text_of = msgspec.json.encode(key).decode()
            steps.save(context, statement=steps.record.statement, checkpoint=text_of)
            time.sleep(pause)
    steps.commit(context)


def walk(found: Table, asked: Asked, after: str) -> Iterator[tuple[list[Row[Any]], list[Any]]]:
    """Yield rows of a table behind a key, with the key of the last."""
    keys, wanted = keys_of(found), asked.columns(found)
    query = select(*wanted, *(key for key in keys if key not in wanted)).order_by(*keys)
    query = query.where(condition(asked.where)).limit(asked.size)
    last = values_of(keys, after) if after else None
    while True:
        behind = query if last is None else query.where(tuple_(*keys) > tuple_(*last))
        rows: list[Any] = list(connection().execute(behind).all())
        if not rows:
            return
        last = [rows[-1]._mapping[key.name] for key in keys]  # noqa: SLF001 - public, in spite of its name
        yield rows, last


def backfill(
    name: str,
    values: Mapping[str, str],
    where: Condition = "",
    *,
    size: int = SIZE,
    pause: float = 0.0,
) -> int:
    """Set columns to SQL expressions for all rows, batch by batch as `batches()`; return how many.

    `backfill("hero", {"full_name": "first || ' ' || last"}, where="full_name IS NULL")`.
    """
    count = 0
    given: dict[str, Any] = {column: literal_column(code) for column, code in values.items()}
    for found, rows in lists(name, Asked(keys_of, where, size), pause):
        keys = keys_of(found)
        first, last = ([row._mapping[key.name] for key in keys] for row in (rows[0], rows[-1]))  # noqa: SLF001
        within = and_(tuple_(*keys) >= tuple_(*first), tuple_(*keys) <= tuple_(*last))
        change = update(found).where(within, condition(where)).values(given)
        count += connection().execute(change).rowcount
    return count


def condition(where: Condition) -> ColumnElement[bool]:
    """Return a condition as SQLAlchemy knows it."""
    if isinstance(where, str):
        return literal_column(f"({where})") if where else literal_column("1 = 1")
    return where


def keys_of(found: Table) -> list[Any]:
    """Return the columns of the primary key. Raises GambrelError where there is none."""
    keys = list(found.primary_key)
    if not keys:
        what = f"{found.name} has no primary key, by which to go through it"
        hint = "`connection().execute(...)` does it in one statement"
        raise GambrelError("db.migration-key", what, "batches()", hint)
    return keys


def values_of(keys: list[Any], checkpoint: str) -> list[Any]:
    """Return a key that was noted, with its types."""
    noted = msgspec.json.decode(checkpoint)
    pairs = zip(keys, noted, strict=True)
    return [msgspec.convert(value, key.type.python_type, strict=False) for key, value in pairs]


def is_there(name: str, schema: str | None) -> bool:
    """Whether there is a table."""
    return inspect(op.get_bind()).has_table(name, schema)
