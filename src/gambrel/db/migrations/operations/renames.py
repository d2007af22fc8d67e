"""New names for columns and tables, which keep their rows."""

from alembic import op

from gambrel.db.migrations.operations.online import quoted

__all__ = ["rename_column", "rename_table"]


def rename_column(table: str, old: str, new: str) -> None:
    """Give a column another name; indexes and references follow by themselves."""
    op.execute(f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(old)} TO {quoted(new)}")


def rename_table(old: str, new: str) -> None:
    """Give a table another name."""
    op.rename_table(old, new)
