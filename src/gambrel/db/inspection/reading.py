"""What a database has: tables, views and their types, read by SQLAlchemy's reflection.

`writing.py` makes models of it. What only a database itself knows (types that SQLAlchemy does not,
tables behind a search) is asked here.
"""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    Connection,
    MetaData,
    Table,
    UniqueConstraint,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.exc import DBAPIError, SAWarning
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.urls import parse_address
from gambrel.db.inspection.sqlite import complete
from gambrel.db.inspection.verbatim import Verbatim

__all__ = ["Found", "inspect_url", "read"]

_BOOKKEEPING = {"alembic_version", "gambrel_migration", "spatial_ref_sys", "sqlite_sequence"}
_TYPES = {
    "postgresql": (
        "SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relname = :table AND a.attname = :column"
        " AND n.nspname = coalesce(:schema, current_schema())"
    ),
    "mysql": (
        "SELECT column_type FROM information_schema.columns WHERE table_name = :table"
        " AND column_name = :column AND table_schema = coalesce(:schema, database())"
    ),
}
_DEFERRED = text(
    "SELECT n.nspname, c.relname, k.conname, k.condeferred FROM pg_constraint k"
    " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE k.contype = 'u' AND k.condeferrable"
)


class Found(Struct, frozen=True):
    """The tables and views of a database, each after those that it refers to."""

    tables: list[Table]
    views: list[Table]
    dialect: Any


def inspect_url(url: str, schemas: Iterable[str] = ()) -> Found:
    """Read the database at a URL, as `Database(...)` takes it.

    Raises GambrelError for one that cannot be reached, or where nothing is.
    """
    address = parse_address(url, Path())
    hint = "correct the URL: sqlite:///shop.db, postgresql://user@host/name, ..."
    if address.kind == "sqlite" and not (address.file and address.file.is_file()):
        what = f"there is no file {address.file}"
        raise GambrelError("db.unreachable", what, address.shown, hint)
    engine = create_engine(address.for_threads, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = read(connection, [*schemas] or [None])
    except DBAPIError as error:
        what = f"the database {address.shown} cannot be used: {error.orig}"
        raise GambrelError("db.unreachable", what, address.shown, hint) from error
    if not found.tables and not found.views:
        where = f" in {', '.join(schemas)}" if schemas else ""
        what = f"the database {address.shown} has no tables{where}"
        raise GambrelError("db.no-tables", what, address.shown, "--schema NAME for another schema")
    return found


def read(connection: Connection, schemas: Iterable[str | None] = (None,)) -> Found:
    """Read schemas of a database, its own by default, and tables that they refer to."""
    complete(connection)
    metadata, inspector = MetaData(), inspect(connection)
    hidden = virtual(connection) | _BOOKKEEPING
    seen: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of types that are asked for below
        for schema in schemas:
            views = {*inspector.get_view_names(schema), *materialized(inspector, schema)}
            wanted = {*inspector.get_table_names(schema), *views} - hidden
            metadata.reflect(connection, schema, views=True, only=sorted(wanted))
            seen |= {f"{schema}.{name}" if schema else name for name in views}
        ordered = metadata.sorted_tables
    for table in ordered:
        name_types(connection, table)
    defer_uniques(connection, metadata)
    tables = [table for table in ordered if table.key not in seen]
    return Found(tables, [table for table in ordered if table.key in seen], connection.dialect)


def materialized(inspector: Any, schema: str | None) -> Iterator[str]:
    """Yield the views that are kept, where there are any."""
    if inspector.dialect.name == "postgresql":
        yield from inspector.get_materialized_view_names(schema)


def virtual(connection: Connection) -> set[str]:
    """Return tables that are not rows of anybody: those behind a search of SQLite."""
    if connection.dialect.name != "sqlite":
        return set()
    listed = connection.execute(text("PRAGMA table_list")).mappings()
    return {row["name"] for row in listed if row["type"] in {"virtual", "shadow"}}


def defer_uniques(connection: Connection, metadata: MetaData) -> None:
    """Note which unique constraints of PostgreSQL wait for the commit; reflection does not."""
    if connection.dialect.name != "postgresql":
        return
    rows = connection.execute(_DEFERRED)
    deferrable = {(row.nspname, row.relname, row.conname): row for row in rows}
    default = connection.dialect.default_schema_name
    for table in metadata.tables.values():
        for one in table.constraints:
            row = deferrable.get((table.schema or default, table.name, one.name))
            if row is not None and isinstance(one, UniqueConstraint):
                one.deferrable = True
                one.initially = "DEFERRED" if row.condeferred else None


def name_types(connection: Connection, table: Table) -> None:
    """Give columns the types that SQLAlchemy has not known, by their names."""
    asked = _TYPES.get(connection.dialect.name)
    for column in table.columns:
        if not isinstance(column.type, NullType):
            continue
        name = ""
        if asked is not None:
            given = {"table": table.name, "column": column.name, "schema": table.schema}
            name = connection.scalar(text(asked), given) or ""
        column.type = Verbatim(name)
