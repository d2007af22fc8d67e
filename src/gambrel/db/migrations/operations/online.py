"""Changes to tables that are in use, without a lock that anybody waits for for long.

On PostgreSQL each does in several steps what one statement would do under a lock. On SQLite and
MariaDB it is the plain change.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic import op
from sqlalchemy import text

from gambrel.db.migrations.running.opening import LOCK_SECONDS
from gambrel.db.migrations.running.steps import steps_of

__all__ = [
    "add_check",
    "add_foreign_key",
    "add_unique",
    "create_index_concurrently",
    "drop_index_concurrently",
    "set_not_null",
]

_INVALID = text(
    "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE c.relname = :name AND NOT i.indisvalid AND pg_table_is_visible(c.oid)"
)


def is_postgres() -> bool:
    """Whether the migration runs on PostgreSQL."""
    return op.get_context().dialect.name == "postgresql"


@contextmanager
def no_transaction() -> Iterator[None]:
    """Commit what was done, and go on without a transaction, nor a limit for waits."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")


def commit() -> None:
    """Commit what was done, and go on in a new transaction."""
    steps = steps_of(op.get_context())
    if steps is not None:
        steps.commit(op.get_context())
    elif op.get_context().as_sql:
        with op.get_context().autocommit_block():
            pass


def create_index_concurrently(
    name: str, table: str, columns: Sequence[Any], *, unique: bool = False, **options: Any
) -> None:
    """Make an index while rows are written. What a broken attempt has left is made anew."""
    if not is_postgres():
        op.create_index(name, table, columns, unique=unique, **options)
        return
    with no_transaction():
        if not op.get_context().as_sql and op.get_bind().execute(_INVALID, {"name": name}).first():
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        how: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}
        op.create_index(name, table, columns, unique=unique, **how, **options)


def drop_index_concurrently(name: str, table: str) -> None:
    """Remove an index while rows are read and written."""
    if not is_postgres():
        op.drop_index(name, table)
        return
    with no_transaction():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


def set_not_null(table: str, column: str, existing_type: Any) -> None:
    """Let a column have a value in every row; the rows are looked at without a lock."""
    if not is_postgres():
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column, existing_type=existing_type, nullable=False)
        return
    name = f"ck_{table}_{column}_not_null"[:63]
    op.create_check_constraint(
        name, table, f"{quoted(column)} IS NOT NULL", postgresql_not_valid=True
    )
    validate(table, name)
    op.alter_column(table, column, existing_type=existing_type, nullable=False)
    op.drop_constraint(name, table, type_="check")


def add_check(name: str, table: str, condition: str) -> None:
    """Let all rows meet a condition: new ones at once, then the others are looked at."""
    if not is_postgres():
        with op.batch_alter_table(table) as batch:
            batch.create_check_constraint(name, text(condition))
        return
    op.create_check_constraint(name, table, text(condition), postgresql_not_valid=True)
    validate(table, name)


def add_foreign_key(
    name: str,
    table: str,
    referred: str,
    columns: Sequence[str],
    referred_columns: Sequence[str],
    **options: Any,
) -> None:
    """Let columns refer to another table: new rows at once, then the others are looked at."""
    local, remote = list(columns), list(referred_columns)
    if not is_postgres():
        with op.batch_alter_table(table) as batch:
            batch.create_foreign_key(name, referred, local, remote, **options)
        return
    how: dict[str, Any] = {"postgresql_not_valid": True}
    op.create_foreign_key(name, table, referred, local, remote, **how, **options)
    validate(table, name)


def add_unique(name: str, table: str, columns: Sequence[str]) -> None:
    """Let rows differ in columns; the index for it is made while rows are written."""
    if not is_postgres():
        with op.batch_alter_table(table) as batch:
            batch.create_unique_constraint(name, list(columns))
        return
    create_index_concurrently(name, table, columns, unique=True)
    index = quoted(name)
    op.execute(f"ALTER TABLE {quoted(table)} ADD CONSTRAINT {index} UNIQUE USING INDEX {index}")


def validate(table: str, name: str) -> None:
    """Look at all rows, in a transaction of its own: others read and write meanwhile."""
    commit()
    op.execute(f"ALTER TABLE {quoted(table)} VALIDATE CONSTRAINT {quoted(name)}")
    commit()


def quoted(name: str) -> str:
    """Return a name as it stands in SQL."""
    return op.get_context().dialect.identifier_preparer.quote(name)
