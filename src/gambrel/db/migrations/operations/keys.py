"""Another primary key for a table, which no `op` of Alembic makes on every database."""

import warnings
from collections.abc import Sequence

from alembic import op
from sqlalchemy import inspect
from sqlalchemy.exc import SAWarning

from gambrel.db.migrations.operations.online import quoted

__all__ = ["change_primary_key"]


def change_primary_key(table: str, columns: Sequence[str]) -> None:
    """Let the primary key of a table consist of other columns; the table is locked meanwhile."""
    context, name = op.get_context(), f"pk_{table}"
    if context.dialect.name == "sqlite":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # that the old key was another
            with op.batch_alter_table(table, recreate="always") as batch:
                batch.create_primary_key(name, list(columns))
        return
    key = ", ".join(map(quoted, columns))
    if context.dialect.name == "postgresql":
        found = None if context.as_sql else inspect(op.get_bind()).get_pk_constraint(table)["name"]
        op.execute(
            f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {quoted(found or name)}, "
            f"ADD CONSTRAINT {quoted(name)} PRIMARY KEY ({key})"
        )
    else:
        op.execute(f"ALTER TABLE {quoted(table)} DROP PRIMARY KEY, ADD PRIMARY KEY ({key})")
