"""Tables of SQLite that are made anew, as Alembic changes them: what else is on them stays.

A dropped table takes its triggers along, those of a search among them, and a view of it would keep
the new one from its name.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

__all__ = ["rebuilding"]

_TRIGGERS = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")


@contextmanager
def rebuilding(connection: Connection, table: str) -> Iterator[None]:
    """Keep the triggers and the views of a table while it is made anew."""
    kept = triggers_of(connection, table)
    was = connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar()
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    try:
        yield
        left = triggers_of(connection, table)
        for name in kept.keys() - left.keys():
            connection.exec_driver_sql(kept[name])
    finally:
        connection.exec_driver_sql(f"PRAGMA legacy_alter_table = {was}")


def triggers_of(connection: Connection, table: str) -> dict[str, str]:
    """Return the triggers of a table, as SQL."""
    found = connection.execute(_TRIGGERS, {"table": table})
    return {row[0]: row[1] for row in found}
