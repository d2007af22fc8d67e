"""What has to be done to a database so that it is as the models want it.

Alembic compares; what it does not see (conditions, primary keys, types of PostgreSQL) is added, and
what it sees and is not there is left out: the two schemas, read from databases, are the judge.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.util import sqla_compat
from msgspec import Struct
from sqlalchemy import CheckConstraint, Column, Connection, DefaultClause, Table, text

from gambrel.db.migrations.folders import MigrationFolder, Project
from gambrel.db.migrations.history import History
from gambrel.db.migrations.schemas import (
    Difference,
    Schema,
    differences,
    hidden_in,
    read_schema,
)
from gambrel.db.migrations.scratch import schemas_of
from gambrel.db.migrations.writing.searching import (
    Search,
    changed_searches,
    indexes_of_searches,
)
from gambrel.db.migrations.writing.types import portable

__all__ = ["Changes", "compare"]

_KINDS: list[tuple[type[Any], str]] = [
    (ops.CreateIndexOp, "index"),
    (ops.DropIndexOp, "index"),
    (ops.CreateUniqueConstraintOp, "unique"),
    (ops.CreateForeignKeyOp, "foreign key"),
]
_CAST = re.compile(r"('(?:[^']|'')*')::[\w ]+(?:\([\d, ]+\))?")
_DROPPED = {"unique": "unique", "foreignkey": "foreign key"}


class Changes(Struct):
    """What is to be done, as Alembic's operations, and what it has none for.

    Those are types of PostgreSQL, primary keys, and searches.
    """

    operations: ops.UpgradeOps
    enums: list[Difference]
    keys: list[Difference]
    searches: list[Search]


def compare(
    connection: Connection,
    project: Project,
    history: History,
    folder: MigrationFolder,
    wanted: Schema,
    made: Callable[[str], str],
    types: Mapping[tuple[str, str], Any],
) -> Changes:
    """Return what a folder has to do. `made(table)` names the folder that has made a table.

    `types` are those of the columns that are there, by table and name, as migrations have them.
    """
    found = differences(wanted, read_schema(connection, schemas_of(project)))
    searches = changed_searches(project.metadata, history, found)
    hidden, indexes = hidden_in(connection), indexes_of_searches(project.metadata, history)

    def owner_of(name: str) -> str:
        known = project.metadata.tables.get(name)
        return made(name) if known is None else project.owner(known).name

    def is_ours(item: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
        if kind == "index":
            return name not in indexes
        if kind != "table":
            return True
        return name not in hidden and owner_of(str(getattr(item, "key", name))) == folder.name

    options = {
        "target_metadata": project.metadata,
        "compare_type": True,
        "compare_server_default": True,
        "include_object": is_ours,
        "include_schemas": len(schemas_of(project)) > 1,
        "include_name": lambda name, kind, _: kind != "schema" or name in schemas_of(project),
    }
    context = MigrationContext.configure(connection, opts=options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*expression-based index '\\w+_search_idx'")
        script = produce_migrations(context, project.metadata)
    assert script.upgrade_ops is not None
    script.upgrade_ops.ops = list(kept(script.upgrade_ops.ops, found, project, types))
    own = [
        table
        for table in project.metadata.sorted_tables
        if project.owner(table).name == folder.name
    ]
    for one in unseen(found, own, connection):
        join(script.upgrade_ops.ops, one)
    enums = [one for one in found if one.part[1].startswith("type ")]
    names = {table.key for table in own}
    keys = [one for one in found if one.part[1] == "primary key" and one.part[0] in names]
    searches = [one for one in searches if owner_of(one.table) == folder.name]
    return Changes(script.upgrade_ops, enums, keys, searches)


def kept(
    operations: Iterable[Any],
    found: list[Difference],
    project: Project,
    types: Mapping[tuple[str, str], Any],
) -> Iterable[ops.MigrateOperation]:
    """Yield the operations that change something, with types that any database knows."""
    parts = {one.part for one in found}
    tables = {table for table, what in parts if what == "table"}
    for one in operations:
        if isinstance(one, ops.ModifyTableOps):
            name = f"{one.schema}.{one.table_name}" if one.schema else one.table_name
            one.ops = [i for i in one.ops if name in tables or changes(i, name, parts)]
            one.ops = [as_constraint(inner) for inner in one.ops]
            for inner in one.ops:
                settle(inner, project.metadata.tables.get(name), types)
            if one.ops:
                yield one
        elif isinstance(one, ops.CreateIndexOp | ops.DropIndexOp):
            if one.table_name in tables or changes(one, str(one.table_name), parts):
                yield one
        else:
            settle(one, None, types)
            yield one


def changes(one: Any, table: str, parts: set[tuple[str, str]]) -> bool:
    """Whether an operation within a table changes what the database has."""
    if isinstance(one, ops.AlterColumnOp):
        return (table, f"column {one.column_name}") in parts
    for kind, what in _KINDS:
        if isinstance(one, kind):
            return any((table, f"{any_} {name_of(one)}") in parts for any_ in {what, "index"})
    if isinstance(one, ops.DropConstraintOp) and one.constraint_type in _DROPPED:
        what = _DROPPED[one.constraint_type]
        return any((table, f"{any_} {one.constraint_name}") in parts for any_ in {what, "index"})
    return True


def as_constraint(one: Any) -> Any:
    """Return a unique index of MariaDB as the constraint that it is by its name."""
    if not isinstance(one, ops.DropIndexOp) or not str(one.index_name).startswith("uq_"):
        return one
    index = one.to_index()
    columns = [column.name for column in index.columns]
    drop = ops.DropConstraintOp(str(one.index_name), str(one.table_name), type_="unique")
    drop._reverse = ops.CreateUniqueConstraintOp(one.index_name, str(one.table_name), columns)  # noqa: SLF001
    return drop


def name_of(one: Any) -> str:
    """Return the name of an index or a constraint."""
    return str(getattr(one, "index_name", None) or getattr(one, "constraint_name", None))


def settle(one: Any, table: Table | None, types: Mapping[tuple[str, str], Any]) -> None:
    """Write types as they are in any database: those of models where they stay, or of files."""
    if isinstance(one, ops.AlterColumnOp):
        one.existing_server_default = plain_default(one.existing_server_default)
        known = None if table is None else table.columns.get(one.column_name)
        if one.modify_type is None and known is not None:
            one.existing_type = known.type
        elif one.existing_type is not None:
            read = portable(one.existing_type)
            one.existing_type = types.get((one.table_name, one.column_name), read)
    elif isinstance(one, ops.CreateTableOp):
        one.info = {}  # is for programs, and may be anything
    elif isinstance(one, ops.DropColumnOp) and one._reverse is not None:  # noqa: SLF001
        column = one._reverse.column  # noqa: SLF001
        column.type = types.get((one.table_name, column.name), portable(column.type))
    elif isinstance(one, ops.DropTableOp) and one._reverse is not None:  # noqa: SLF001
        for item in one._reverse.columns:  # noqa: SLF001
            if isinstance(item, Column):
                item.type = types.get((one.table_name, item.name), portable(item.type))


def plain_default(default: Any) -> Any:
    """Return a default that was read from PostgreSQL without its type."""
    code = str(getattr(default, "arg", ""))
    found = _CAST.fullmatch(code)
    return DefaultClause(text(found[1])) if found else default


def unseen(
    found: list[Difference], tables: list[Table], connection: Connection
) -> Iterable[ops.ModifyTableOps]:
    """Yield conditions that differ, at which Alembic does not look."""
    known = {table.key: table for table in tables}
    for one in found:
        name, (kind, _, what) = one.part[0], one.part[1].partition(" ")
        table = known.get(name)
        if table is None:
            continue
        inner = check_ops(one, what, table, connection) if kind == "check" else []
        if inner:
            yield ops.ModifyTableOps(table.name, inner, schema=table.schema)


def join(operations: list[ops.MigrateOperation], more: ops.ModifyTableOps) -> None:
    """Add to what is done to a table: what is dropped goes first, what is made last."""
    for one in operations:
        if isinstance(one, ops.ModifyTableOps) and one.table_name == more.table_name:
            drops = [inner for inner in more.ops if isinstance(inner, ops.DropConstraintOp)]
            one.ops = [*drops, *one.ops, *(inner for inner in more.ops if inner not in drops)]
            return
    operations.append(more)


def check_ops(one: Difference, name: str, table: Table, connection: Connection) -> list[Any]:
    """Return what makes, removes or replaces a condition."""
    given: list[Any] = []
    if one.found is not None:
        was = ops.CreateCheckConstraintOp(name, table.name, text(one.found), schema=table.schema)
        drop = ops.DropConstraintOp(name, table.name, type_="check", schema=table.schema)
        drop._reverse = was  # noqa: SLF001
        given.append(drop)
    if one.wanted is not None:
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint):
                called = final_name(constraint, connection)
                if called == name:
                    condition = str(
                        constraint.sqltext.compile(
                            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
                        )
                    )
                    given.append(
                        ops.CreateCheckConstraintOp(
                            name, table.name, text(condition), schema=table.schema
                        )
                    )
    return given


def final_name(constraint: Any, connection: Connection) -> str:
    """Return the name of a constraint, by the convention of its tables."""
    return str(sqla_compat._get_constraint_final_name(constraint, connection.dialect))  # noqa: SLF001
