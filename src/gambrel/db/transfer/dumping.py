"""`dump`: all rows of an app's tables into a file, as they are at one moment."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    Computed,
    Connection,
    ForeignKeyConstraint,
    MetaData,
    Table,
    inspect,
    select,
)
from sqlalchemy.schema import sort_tables_and_constraints

from gambrel.core.http.errors import GambrelError
from gambrel.db.transfer.files import Digest, writing
from gambrel.db.transfer.values import Codec, codec_of

__all__ = ["columns_of", "dump", "dumped", "in_order", "late_keys", "see_tables"]

BATCH = 500
Change = Callable[[Column[Any], Any], Any]


def dump(
    connection: Connection, metadata: MetaData, file: Path, change: Change | None = None
) -> dict[str, int]:
    """Write all rows into a file, and return how many of each table.

    `change(column, value)` may give another value in place of one; see `anonymous.py`. Raises
    GambrelError where a table is missing, or the file is there.
    """
    tables = in_order(metadata)
    see_tables(connection, tables)
    counts: dict[str, int] = {}
    with writing(file) as stream:
        head = {"gambrel": "dump", "version": 1, "tables": [str(table.key) for table in tables]}
        stream.write(msgspec.json.encode(head) + b"\n")
        for table in tables:
            codecs = columns_of(table)
            kinds = {str(name): codec.kind for name, codec in codecs.items()}
            stream.write(msgspec.json.encode({"table": str(table.key), "columns": kinds}) + b"\n")
            digest = Digest()
            for line in dumped(connection, table, [*codecs], change):
                digest.add(line)
                stream.write(line + b"\n")
            end = {"end": str(table.key), "rows": digest.rows, "digest": digest.text}
            stream.write(msgspec.json.encode(end) + b"\n")
            counts[str(table.key)] = digest.rows
    return counts


def dumped(
    connection: Connection, table: Table, names: list[str], change: Change | None = None
) -> Iterator[bytes]:
    """Yield the rows of a table, each as a line, some hundred of them at a time."""
    known = columns_of(table)
    codecs = [known[name] for name in names]
    columns = [table.columns[name] for name in names]
    asked = select(*(codec.column for codec in codecs)).order_by(*table.primary_key.columns)
    for row in connection.execute(asked, execution_options={"yield_per": BATCH}):
        yield msgspec.json.encode(
            [
                written(codec, column, value, change)
                for codec, column, value in zip(codecs, columns, row, strict=True)
            ]
        )


def written(codec: Codec, column: Column[Any], value: Any, change: Change | None) -> Any:
    """Return what stands in a line for a value."""
    if value is None:
        return None
    found = codec.to_json(value)
    return found if change is None else change(column, found)


def see_tables(connection: Connection, tables: Iterable[Table]) -> None:
    """Raise GambrelError where a table of the models is not there."""
    there = inspect(connection)
    missing = [one.key for one in tables if not there.has_table(one.name, schema=one.schema)]
    if missing:
        what = f"the database has no table {', '.join(sorted(missing))}"
        hint = "`gambrel db up` makes tables by migrations; `--create` of load and seed, by models"
        raise GambrelError("db.no-tables", what, connection.engine.url.database or "", hint)


def columns_of(table: Table) -> dict[str, Codec]:
    """Return the columns of a table that hold something of their own, by name."""
    return {
        column.name: codec_of(column)
        for column in table.columns
        if not isinstance(column.server_default, Computed)
    }


def in_order(metadata: MetaData) -> list[Table]:
    """Return tables, each after those that it refers to, as far as that is possible."""
    tables = sorted(metadata.tables.values(), key=lambda table: table.key)
    ordered: Any = sort_tables_and_constraints(tables)  # type: ignore[no-untyped-call]
    return [table for table, _ in ordered if table is not None]


def late_keys(tables: list[Table]) -> list[ForeignKeyConstraint]:
    """Return foreign keys that cannot hold while rows come: to the same table, and in circles."""
    seen: set[Table] = set()
    found = []
    for table in tables:
        keys = sorted(table.foreign_key_constraints, key=lambda key: [*key.column_keys])
        found += [key for key in keys if key.referred_table not in seen]
        seen.add(table)
    return found
