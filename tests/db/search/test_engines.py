"""What databases are told; what they find is in `test_fulltext.py`."""

import sqlite3
from contextlib import closing

from sqlalchemy.dialects import mysql, postgresql, sqlite

from gambrel.db.search.engines import INDEXES, sqlite_drops, sqlite_statements
from tests.db.search.test_fulltext import BOOKS


def test_words_are_bound_and_not_part_of_the_statement():
    for dialect in (sqlite.dialect(), postgresql.dialect(), mysql.dialect()):
        compiled = BOOKS.matches("dune").compile(dialect=dialect)

        assert "dune" not in str(compiled)
        assert any("dune" in str(value) for value in compiled.params.values())


def test_sqlite_has_a_table_three_triggers_and_what_fills_it():
    first, *triggers, last = sqlite_statements(BOOKS)

    assert first.startswith('CREATE VIRTUAL TABLE "book_search" USING fts5("title", "summary"')
    assert len(triggers) == 3
    assert "rebuild" in last


def test_what_is_made_on_sqlite_is_removed():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE book (id INTEGER PRIMARY KEY, title, summary)")
        for statement in [*sqlite_statements(BOOKS), *sqlite_drops("book_search")]:
            connection.execute(statement)

        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("book",)]


def test_an_index_of_a_server_is_in_no_other_database():
    names = {index.name for index in BOOKS.table.indexes}

    assert names == {"book_search_idx", "book_search_ft"}
    assert names == {INDEXES["postgresql"].format("book"), INDEXES["mysql"].format("book")}
