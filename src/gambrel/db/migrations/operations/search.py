"""What is searched: the index of a `FullText`, made by a migration on each kind of database.

It is an operation of Alembic, so that what looks at migrations without a database sees it.
"""

from collections.abc import Sequence
from typing import Any

from alembic import op
from alembic.operations import MigrateOperation, Operations
from msgspec import Struct
from sqlalchemy import Column, MetaData, Table, Text, inspect
from sqlalchemy.schema import CreateIndex

from gambrel.db.migrations.operations.online import drop_index_concurrently, no_transaction, quoted
from gambrel.db.search.engines import INDEXES, indexes_of, sqlite_drops, sqlite_statements

__all__ = ["CreateFullText", "DropFullText", "create_full_text", "drop_full_text"]


class CreateFullText(MigrateOperation):
    """Columns of a table are searched from now on."""

    def __init__(
        self, table_name: str, columns: Sequence[str], language: str, *, concurrently: bool = False
    ) -> None:
        self.table_name = table_name
        self.columns = tuple(columns)
        self.language = language
        self.concurrently = concurrently


class DropFullText(MigrateOperation):
    """They are no more."""

    def __init__(self, table_name: str, *, concurrently: bool = False) -> None:
        self.table_name = table_name
        self.concurrently = concurrently


class Searched(Struct):
    """What `engines.py` has to know of a search."""

    table: Table
    columns: list[Any]
    language: str
    key: Any
    name: str


def create_full_text(
    table: str, columns: Sequence[str], language: str = "simple", *, concurrently: bool = False
) -> None:
    """Make the index of `FullText(...)` of these columns; what is there is searched, too.

    `concurrently` lets PostgreSQL make it while rows are written.
    """
    op.invoke(CreateFullText(table, columns, language, concurrently=concurrently))


def drop_full_text(table: str, *, concurrently: bool = False) -> None:
    """Remove the index of a table. Its columns are dropped and renamed after that."""
    op.invoke(DropFullText(table, concurrently=concurrently))


@Operations.implementation_for(CreateFullText)
def create(operations: Operations, operation: CreateFullText) -> None:
    """Make an index."""
    searched, kind = searched_by(operations, operation), operations.get_context().dialect.name
    if kind == "sqlite":
        for statement in sqlite_statements(searched):
            operations.execute(statement)
        return
    name = INDEXES[kind].format(operation.table_name)
    index = next(one for one in searched.table.indexes if one.name == name)
    if kind == "postgresql" and operation.concurrently:
        index.dialect_options[kind]["concurrently"] = True
        with no_transaction():
            operations.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted(name)}")  # a broken one
            operations.execute(CreateIndex(index))
    else:
        operations.execute(CreateIndex(index))


@Operations.implementation_for(DropFullText)
def drop(operations: Operations, operation: DropFullText) -> None:
    """Remove an index."""
    table, kind = operation.table_name, operations.get_context().dialect.name
    if kind == "sqlite":
        for statement in sqlite_drops(f"{table}_search"):
            operations.execute(statement)
    elif operation.concurrently:
        drop_index_concurrently(INDEXES[kind].format(table), table)
    else:
        operations.drop_index(INDEXES[kind].format(table), table)


def searched_by(operations: Operations, operation: CreateFullText) -> Searched:
    """Return a search as a model would have it."""
    name = operation.table_name
    columns: list[Any] = [Column(one, Text()) for one in operation.columns]
    key: Any = Column(key_of(operations, name))
    searched = Searched(
        Table(name, MetaData(), *columns), columns, operation.language, key, f"{name}_search"
    )
    indexes_of(searched)
    return searched


def key_of(operations: Operations, table: str) -> str:
    """Return the key of a table of SQLite, which has its rows by it."""
    context = operations.get_context()
    if context.dialect.name != "sqlite" or context.as_sql:
        return "rowid"
    key = inspect(operations.get_bind()).get_pk_constraint(table)["constrained_columns"]
    return key[0] if len(key) == 1 else "rowid"
