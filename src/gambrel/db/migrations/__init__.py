"""Migrations: how the tables of a database become those of the models, step by step.

`gambrel db make`, `up`, `down`, `show`, `check` and `sql` are the commands. What is exported here
is for the files of migrations, beside Alembic's `op`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.db.migrations.folders import MigrationFolder
    from gambrel.db.migrations.operations.data import backfill, batches, connection, session, table
    from gambrel.db.migrations.operations.enums import (
        add_enum_values,
        create_enum,
        drop_enum,
        replace_enum,
    )
    from gambrel.db.migrations.operations.keys import change_primary_key
    from gambrel.db.migrations.operations.online import (
        add_check,
        add_foreign_key,
        add_unique,
        create_index_concurrently,
        drop_index_concurrently,
        set_not_null,
    )
    from gambrel.db.migrations.operations.own import Operation
    from gambrel.db.migrations.operations.renames import rename_column, rename_table
    from gambrel.db.migrations.operations.search import create_full_text, drop_full_text

__all__ = [
    "MigrationFolder",
    "Operation",
    "add_check",
    "add_enum_values",
    "add_foreign_key",
    "add_unique",
    "backfill",
    "batches",
    "change_primary_key",
    "connection",
    "create_enum",
    "create_full_text",
    "create_index_concurrently",
    "drop_enum",
    "drop_full_text",
    "drop_index_concurrently",
    "rename_column",
    "rename_table",
    "replace_enum",
    "session",
    "set_not_null",
    "table",
]

_HOMES = {
    "MigrationFolder": "db.migrations.folders",
    "Operation": "db.migrations.operations.own",
    "add_check": "db.migrations.operations.online",
    "add_enum_values": "db.migrations.operations.enums",
    "add_foreign_key": "db.migrations.operations.online",
    "add_unique": "db.migrations.operations.online",
    "backfill": "db.migrations.operations.data",
    "batches": "db.migrations.operations.data",
    "change_primary_key": "db.migrations.operations.keys",
    "connection": "db.migrations.operations.data",
    "create_enum": "db.migrations.operations.enums",
    "create_full_text": "db.migrations.operations.search",
    "create_index_concurrently": "db.migrations.operations.online",
    "drop_enum": "db.migrations.operations.enums",
    "drop_full_text": "db.migrations.operations.search",
    "drop_index_concurrently": "db.migrations.operations.online",
    "rename_column": "db.migrations.operations.renames",
    "rename_table": "db.migrations.operations.renames",
    "replace_enum": "db.migrations.operations.enums",
    "session": "db.migrations.operations.data",
    "set_not_null": "db.migrations.operations.online",
    "table": "db.migrations.operations.data",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
