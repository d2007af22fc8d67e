"""`FullText`: which columns of a model are searched. The database keeps the index up to date.

`engines.py` has what each database is told. Knows models and no app.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    event,
    false,
    func,
    inspect,
    literal,
    not_,
    true,
)
from sqlalchemy.orm import InstrumentedAttribute

from gambrel.core.http.errors import GambrelError
from gambrel.db.search.engines import Match, Rank, indexes_of, quoted, sqlite_statements
from gambrel.db.search.terms import parse_terms

__all__ = ["SEARCH", "FullText"]

SEARCH = "gambrel.search"
"""Where a table has its search, in its `info`: migrations look there."""


class FullText:
    """Columns of a model that are searched together, the most important one first, four at most.

        BOOKS = FullText(Book.title, Book.summary)

        select(Book).where(BOOKS.matches("dune -messiah")).order_by(BOOKS.rank("dune").desc())

    Declared beside the model, its index is made with the table; on SQLite also for one that was
    there before, wherever missing tables are made. `language` is one that PostgreSQL knows,
    `"english"` say, for words of one stem; SQLite knows English, MariaDB none. Raises GambrelError
    for what cannot be searched.
    """

    def __init__(self, *columns: InstrumentedAttribute[Any], language: str = "simple") -> None:
        if not 1 <= len(columns) <= 4 or len({column.class_ for column in columns}) != 1:
            raise wrong(f"{len(columns)} columns are searched, one to four of a model can be")
        if not language.isalpha():
            raise wrong(f"{language!r} is no language")
        self.language = language
        self.model = columns[0].class_
        self.table: Any = inspect(self.model).local_table
        self.columns = [column.property.columns[0] for column in columns]
        keys = [*self.table.primary_key.columns]
        if len(keys) != 1 or not isinstance(keys[0].type, Integer):
            raise wrong(f"{self.model.__name__} has no key that is one number")
        self.key = keys[0]
        self.name = f"{self.table.name}_search"
        self.table.info[SEARCH] = self
        indexes_of(self)
        event.listen(self.table, "after_create", self.make)
        event.listen(self.table, "after_drop", self.drop)
        event.listen(self.table.metadata, "after_create", self.make_missing)

    def matches(self, text: str) -> ColumnElement[bool]:
        """Return the condition of rows in which all is found that a text asks for.

        A word is the beginning of one in the row; "words in quotes" are those, next to each other;
        `-word` is not in it. Any text is safe; without any letter or digit it finds nothing, and
        an empty one everything.
        """
        if not text.strip():
            return true()
        terms = parse_terms(text)
        wanted = [term for term in terms if not term.is_excluded]
        conditions: list[Any] = [Match(self, wanted)] if wanted else []
        conditions += [not_(Match(self, [term])) for term in terms if term.is_excluded]
        return and_(*conditions) if conditions else false()

    def rank(self, text: str) -> ColumnElement[float]:
        """Return how well a row matches: the higher the better, whatever the numbers are."""
        wanted = [term for term in parse_terms(text) if not term.is_excluded]
        if not wanted:
            return literal(0.0)
        return func.coalesce(Rank(self, wanted), 0.0)

    def make(self, _table: Any, connection: Any, **_options: Any) -> None:
        """Make the index of SQLite with the table; that of a server is one of its indexes."""
        if connection.dialect.name == "sqlite":
            self.drop(_table, connection)
            for statement in sqlite_statements(self):
                connection.exec_driver_sql(statement)

    def make_missing(self, _metadata: Any, connection: Any, **_options: Any) -> None:
        """Make the index of a table that was there before; SQLite's is a table itself."""
        if connection.dialect.name == "sqlite":
            found = inspect(connection)
            if found.has_table(self.table.name) and not found.has_table(self.name):
                self.make(self.table, connection)

    def drop(self, _table: Any, connection: Any, **_options: Any) -> None:
        """Drop the index of a table that goes; that of a server goes with it."""
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {quoted(self.name)}")


def wrong(what: str) -> GambrelError:
    """Return the error of what cannot be searched."""
    return GambrelError("db.search", what, "FullText(...)", "FullText(Book.title, Book.summary)")
