"""What is searched: which `FullText` of models and which index of migrations are not alike.

Files of migrations are held against models, and not only databases: an index of SQLite tells two
languages of PostgreSQL not apart.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import MetaData

from gambrel.db.migrations.dry import searches
from gambrel.db.migrations.history import History
from gambrel.db.migrations.schemas import SEARCH, Difference
from gambrel.db.search.engines import INDEXES
from gambrel.db.search.fulltext import SEARCH as DECLARED

__all__ = ["Search", "changed_searches", "indexes_of_searches"]

Columns = tuple[tuple[str, ...], str]
"""Names of columns, and a language."""


class Search(Struct, frozen=True):
    """The search of a table, as migrations and as models have it; None where they have none."""

    table: str
    found: Columns | None
    wanted: Columns | None

    def told(self) -> str:
        """Return a line that says where they differ."""
        wanted, found = shown(self.wanted), shown(self.found)
        return f"{self.table} search: {wanted} in the models, {found} in the migrations"


def changed_searches(
    metadata: MetaData, history: History, found: Iterable[Difference]
) -> list[Search]:
    """Return what is to be made, removed, or made anew; `found` are differences of databases."""
    wanted, made = declared(metadata), searches(history)
    parts = {one.part for one in found}
    changed = []
    for table in sorted({*wanted, *made}):
        names = {SEARCH, "table", *(f"index {one}" for one in names_of_indexes(table))}
        differs = any((table, name) in parts for name in names)
        one = Search(table, made.get(table), wanted.get(table))
        if differs or (one.found is not None and one.found != one.wanted):
            changed.append(one)
    return changed


def declared(metadata: MetaData) -> dict[str, Columns]:
    """Return what models have searched."""
    found: dict[str, Any] = {
        table.name: table.info.get(DECLARED) for table in metadata.tables.values()
    }
    return {
        name: (tuple(column.name for column in search.columns), search.language)
        for name, search in found.items()
        if search is not None
    }


def names_of_indexes(table: str) -> set[str]:
    """Return what the index of a table is called on servers."""
    return {name.format(table) for name in INDEXES.values()}


def indexes_of_searches(metadata: MetaData, history: History) -> set[str]:
    """Return what all indexes of searches are called, of models and of migrations."""
    tables = {*declared(metadata), *searches(history)}
    return {name for table in tables for name in names_of_indexes(table)}


def shown(columns: Columns | None) -> str:
    """Return columns and their language, for people."""
    return "none" if columns is None else f"({', '.join(columns[0])}) {columns[1]}"
