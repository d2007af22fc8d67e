"""`load`: the rows of a dump into the tables of an app, in one transaction, and looked at again.

Keys that lead in circles are checked at its end. What counts (sequences) goes on behind what came.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Connection, MetaData, Table, and_, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from gambrel.core.http.errors import GambrelError
from gambrel.db.transfer.dumping import BATCH, columns_of, dumped, in_order, see_tables
from gambrel.db.transfer.files import Digest, broken, lines_of, reading
from gambrel.db.transfer.rules import go_on_counting, relaxed
from gambrel.db.transfer.values import Codec

__all__ = ["load"]

T = TypeVar("T")


class Head(Struct):
    """The first line of a dump."""

    tables: list[str]


class Opening(Struct):
    """The line before the rows of a table."""

    table: str
    columns: dict[str, str]


class Part(Struct):
    """One table of a dump: its rows are read as they are asked for; then `end` is known."""

    table: str
    columns: dict[str, str]
    lines: Iterator[Any]
    end: dict[str, Any] = {}

    def rows(self) -> Iterator[list[Any]]:
        """Yield the rows. Raises GambrelError where they are cut off."""
        for line in self.lines:
            if isinstance(line, dict):
                self.end = line
                break
            yield line
        if self.end.get("end") != self.table:
            raise broken(f"the dump ends within the table {self.table}")


def load(
    connection: Connection, metadata: MetaData, file: Path, *, replace: bool = False
) -> dict[str, int]:
    """Put the rows of a dump into tables that are there, and return how many in each.

    All is read again and compared with the dump. Rows that are there already are an error, or are
    removed before (`replace`). Raises GambrelError for what does not fit; then nothing is changed.
    """
    tables = {table.key: table for table in in_order(metadata)}
    counts: dict[str, int] = {}
    with reading(file) as stream:
        lines = lines_of(stream)
        chosen = [known(tables, name) for name in head_of(lines)]
        see_tables(connection, chosen)
        make_empty(connection, chosen, replace=replace)
        with relaxed(connection, chosen):
            for part in parts_of(lines):
                table = known(tables, part.table)
                if table not in chosen:
                    raise broken(f"the dump has the table {table.key}, which it does not announce")
                fill(connection, table, part)
                compare(connection, table, part, file)
                counts[part.table] = part.end["rows"]
            if missing := {str(table.key) for table in chosen} - {*counts}:
                raise broken(f"the dump ends before the table {min(missing)}")
        for table in chosen:
            go_on_counting(connection, table)
    return counts


def head_of(lines: Iterator[Any]) -> list[str]:
    """Return the tables that a dump has. Raises GambrelError for what is no dump of ours."""
    head = next(lines, None)
    if not isinstance(head, dict) or head.get("gambrel") != "dump":
        raise broken("the file does not begin as a dump does")
    if head.get("version") != 1:
        raise broken(f"the dump is of version {head.get('version')}, and this reads version 1")
    return read(Head, head, "the first line of the dump").tables


def parts_of(lines: Iterator[Any]) -> Iterator[Part]:
    """Yield the tables of a dump; each has to be read to its end before the next."""
    for line in lines:
        if not isinstance(line, dict) or "table" not in line:
            raise broken("the dump has rows of no table")
        found = read(Opening, line, "a table of the dump")
        yield Part(found.table, found.columns, lines)


def read(kind: type[T], line: Any, what: str) -> T:
    """Return a line of a dump that is no row. Raises GambrelError for one that is not whole."""
    try:
        return msgspec.convert(line, kind)
    except msgspec.ValidationError as error:
        raise broken(f"{what} is not as it should be: {error}") from error


def known(tables: dict[str, Table], name: str) -> Table:
    """Return a table by name. Raises GambrelError for one that no model has."""
    if name not in tables:
        what = f"the dump has a table {name!r}, and no model of the app has"
        raise GambrelError("db.load", what, "", "load it with the app it was made of")
    return tables[name]


def make_empty(connection: Connection, tables: list[Table], *, replace: bool) -> None:
    """See that no rows are in the way. Raises GambrelError, or removes them."""
    if replace:
        check_alone(connection, tables)
        with relaxed(connection, tables):
            for table in reversed(tables):
                connection.execute(table.delete())
    for table in tables:
        if connection.execute(select(1).select_from(table).limit(1)).first() is not None:
            what = f"the table {table.key} has rows already"
            raise GambrelError("db.load", what, "", "--replace removes all rows before")


def check_alone(connection: Connection, tables: list[Table]) -> None:
    """Raise GambrelError where rows of tables that stay refer to those that are removed."""
    there = inspect(connection)
    others = {table for one in tables for table in one.metadata.tables.values()} - {*tables}
    for table in sorted(others, key=lambda one: one.key):
        for key in table.foreign_key_constraints:
            if key.referred_table not in tables or not there.has_table(table.name, table.schema):
                continue
            refers = and_(*(column.is_not(None) for column in key.columns))
            if connection.execute(select(1).select_from(table).where(refers).limit(1)).first():
                what = f"rows of {table.key}, which is not in the dump, refer to those of it"
                raise GambrelError(
                    "db.load", what, "", "remove them, or load into an empty database"
                )


def fill(connection: Connection, table: Table, part: Part) -> None:
    """Insert the rows of a table, some hundred at a time."""
    codecs = fitting(table, part.columns)
    target = bare(table, codecs)
    rows = part.rows()
    while batch := [row_of(codecs, row) for row in islice(rows, BATCH)]:
        try:
            connection.execute(insert(target), batch)
        except (DBAPIError, OverflowError) as error:
            what = f"the database refuses rows of {table.key}: {getattr(error, 'orig', error)}"
            raise GambrelError("db.load", what, "", "load them where their models are") from error


def row_of(codecs: dict[str, Codec], row: list[Any]) -> dict[str, Any]:
    """Return the values of a row by the names of columns. Raises GambrelError for what is none."""
    try:
        return {
            name: None if value is None else codec.from_json(value)
            for (name, codec), value in zip(codecs.items(), row, strict=True)
        }
    except (ArithmeticError, IndexError, TypeError, ValueError) as error:
        raise broken(f"the dump has a row with a value that is none: {error}") from error


def fitting(table: Table, columns: dict[str, str]) -> dict[str, Codec]:
    """Return the columns that a dump has. Raises GambrelError where a table has others."""
    found = columns_of(table)
    for name, kind in columns.items():
        if name not in found or found[name].kind != kind:
            has = f"a {found[name].kind}" if name in found else "none"
            what = f"the dump has a {kind} for {table.key}.{name}, and the model has {has}"
            raise GambrelError("db.load", what, "", "load it with the models it was made of")
    return {name: found[name] for name in columns}


def bare(table: Table, codecs: dict[str, Codec]) -> Table:
    """Return a table to insert into: what models do for a row that is new, this one must not."""
    columns = [Column(name, codec.type) for name, codec in codecs.items()]
    return Table(table.name, MetaData(), *columns, schema=table.schema)


def compare(connection: Connection, table: Table, part: Part, file: Path) -> None:
    """See that all rows are there as they were dumped. Raises GambrelError where they are not."""
    digest = Digest()
    for line in dumped(connection, table, [*part.columns]):
        digest.add(line)
    if (digest.rows, digest.text) != (part.end.get("rows"), part.end.get("digest")):
        what = f"{table.key} has {digest.rows} rows now, the dump says {part.end.get('rows')}"
        if digest.rows == part.end.get("rows"):
            what = different(connection, table, part, file)
        hint = "a type of this database may keep less than the other's: shorter texts, fewer places"
        raise GambrelError("db.load", what, "", hint)


def different(connection: Connection, table: Table, part: Part, file: Path) -> str:
    """Return which row is not what it was, and in which columns. Values are nobody's business."""
    names = [*part.columns]
    keys = [names.index(column.name) for column in table.primary_key if column.name in names]
    now = {}
    for line in dumped(connection, table, names):
        row = msgspec.json.decode(line)
        now[str([row[key] for key in keys])] = row
    with reading(file) as stream:
        for again in parts_of(islice(lines_of(stream), 1, None)):
            for row in again.rows():
                key = [row[key] for key in keys] if again.table == part.table else []
                there = now.get(str(key), row)
                if there != row:
                    other = [n for n, old, new in zip(names, row, there, strict=True) if old != new]
                    where = ", ".join(map(str, key))
                    return f"{table.key} {where} is not what it was in the dump: {', '.join(other)}"
    return f"rows of {table.key} are not what they were in the dump"
