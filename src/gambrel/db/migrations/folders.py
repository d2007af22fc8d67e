"""Folders of migrations: the app's, and those that extensions bring with their tables.

`extension.py` of the battery collects them. Reads no file.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import MetaData, Table

from gambrel.db.connections.urls import Address

__all__ = ["APP", "MigrationFolder", "Project"]

APP = "app"
"""The name of the folder of the app itself, to which all tables belong that nobody else has."""


class MigrationFolder(Struct, frozen=True):
    """The migrations of an extension, for `setup.add(MIGRATION_FOLDERS, MigrationFolder(...))`.

    `tables` are its models, tables, or MetaData: `gambrel db make` of an app leaves them alone.
    """

    name: str
    path: Path
    tables: Sequence[Any] = ()
    database: str = "database"
    """The name of the `Database` in which its tables are."""

    def has(self, table: Table) -> bool:
        """Whether a table is one of its own."""
        return any(table is own for own in tables_of(self.tables))


class Project(Struct, frozen=True):
    """All that migrations of one database are about; the folder of the app is the last one."""

    address: Address
    metadata: MetaData
    folders: Sequence[MigrationFolder]
    target: str = "app.py"

    def owner(self, table: Table) -> MigrationFolder:
        """Return the folder that a table belongs to."""
        return next((one for one in self.folders if one.has(table)), self.folders[-1])

    def folder(self, name: str) -> MigrationFolder | None:
        """Return the folder of a name."""
        return next((one for one in self.folders if one.name == name), None)


def tables_of(given: Iterable[Any]) -> Iterable[Table]:
    """Yield the tables of models, tables and MetaData."""
    for one in given:
        if isinstance(one, MetaData):
            yield from one.tables.values()
        else:
            yield getattr(one, "__table__", one)
