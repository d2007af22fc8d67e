"""What a migration would do, found out without a database: its operations, one by one.

The file runs; what it calls of `op` is collected, what it reads is empty.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic.operations import BatchOperations, Operations, ops
from alembic.runtime.migration import MigrationContext
from msgspec import Struct, field
from sqlalchemy import Column

from gambrel.db.migrations.history import History, Revision
from gambrel.db.migrations.nothing import NOTHING
from gambrel.db.migrations.operations.search import CreateFullText, DropFullText
from gambrel.db.migrations.running.runner import PROXY

__all__ = [
    "Look",
    "look",
    "makers_of_tables",
    "rename_column",
    "rename_table",
    "searches",
    "types_of_columns",
]

_RENAMED = re.compile(r'ALTER TABLE "?(\w+)"? RENAME COLUMN "?(\w+)"? TO "?(\w+)"?')


class Look(Struct):
    """The operations of a migration, with whether each stands outside of a transaction.

    `problem` is what ended it early, if anything did.
    """

    operations: list[tuple[Any, bool]] = field(default_factory=list)
    problem: str = ""


class Looking:
    """Collects operations in place of running them."""

    def __init__(self, dialect: str) -> None:
        self.found = Look()
        self.is_outside = False
        options = {"as_sql": True, "output_buffer": io.StringIO()}
        self.context = MigrationContext.configure(dialect_name=dialect, opts=options)
        self.context.autocommit_block = self.outside  # type: ignore[method-assign]
        self.operations = Operations(self.context)
        self.operations.invoke = self.collect  # type: ignore[method-assign]
        self.operations.get_bind = lambda: NOTHING  # type: ignore[method-assign]
        self.operations.batch_alter_table = self.batch  # type: ignore[method-assign,assignment]

    def collect(self, operation: Any) -> Any:
        """Note an operation."""
        self.found.operations.append((operation, self.is_outside))
        return NOTHING

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Be outside of a transaction."""
        self.is_outside = True
        yield
        self.is_outside = False

    @contextmanager
    def batch(self, table_name: str, schema: str | None = None, **_: Any) -> Iterator[Any]:
        """Note what is done within a batch."""
        impl: Any = type("Impl", (), {"table_name": table_name, "schema": schema})()
        operations = BatchOperations(self.context, impl=impl)
        operations.invoke = self.collect  # type: ignore[method-assign]
        yield operations


def look(revision: Revision, dialect: str = "postgresql") -> Look:
    """Return what a migration does on its way up."""
    looking = Looking(dialect)
    with PROXY:
        looking.operations._install_proxy()  # noqa: SLF001 - as `Operations.context()` does
        try:
            revision.script.module.upgrade()
        except Exception as error:  # it may do anything with what it has not read
            looking.found.problem = f"{type(error).__name__}: {error}"
        finally:
            looking.operations._remove_proxy()  # noqa: SLF001
    return looking.found


def types_of_columns(history: History) -> dict[tuple[str, str], Any]:
    """Return the type that each column has by its migrations, by table and name."""
    found: dict[tuple[str, str], Any] = {}
    for revision in history.ordered:
        for one, _ in look(revision).operations:
            note_types(one, found)
    return found


def note_types(one: Any, found: dict[tuple[str, str], Any]) -> None:
    """Note what an operation makes of the types of columns."""
    if isinstance(one, ops.CreateTableOp):
        for item in one.columns:
            if isinstance(item, Column):
                found[one.table_name, item.name] = item.type
    elif isinstance(one, ops.AddColumnOp):
        found[one.table_name, one.column.name] = one.column.type
    elif isinstance(one, ops.AlterColumnOp):
        if one.modify_type is not None:
            found[one.table_name, one.column_name] = one.modify_type
        if one.modify_name:
            rename_column(found, one.table_name, one.column_name, one.modify_name)
    elif isinstance(one, ops.RenameTableOp):
        rename_table(found, one.table_name, one.new_table_name)
    elif isinstance(one, ops.ExecuteSQLOp) and (names := _RENAMED.fullmatch(str(one.sqltext))):
        rename_column(found, names[1], names[2], names[3])


def rename_column(found: dict[tuple[str, str], Any], table: str, old: str, new: str) -> None:
    """Know the type of a column by its new name."""
    if (table, old) in found:
        found[table, new] = found[table, old]


def rename_table(found: dict[tuple[str, str], Any], old: str, new: str) -> None:
    """Know the types of columns by the new name of their table."""
    found |= {(new, column): kind for (table, column), kind in found.items() if table == old}


def makers_of_tables(history: History) -> dict[str, str]:
    """Return which folder has made each table, by its name."""
    made: dict[str, str] = {}
    for revision in history.ordered:
        for operation, _ in look(revision).operations:
            if isinstance(operation, ops.CreateTableOp):
                made[operation.table_name] = revision.folder.name
            elif isinstance(operation, ops.RenameTableOp):
                made[operation.new_table_name] = revision.folder.name
    return made


def searches(history: History) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return the columns and the language of what is searched, by table."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for revision in history.ordered:
        for one, _ in look(revision).operations:
            if isinstance(one, CreateFullText):
                found[one.table_name] = one.columns, one.language
            elif isinstance(one, DropFullText):
                found.pop(one.table_name, None)
    return found
