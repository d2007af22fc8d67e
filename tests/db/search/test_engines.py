"""What databases are told; what they find is in `test_fulltext.py`."""

from sqlalchemy.dialects import mysql, postgresql, sqlite

from gambrel.db.search.engines import sqlite_statements
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


def test_an_index_of_a_server_is_in_no_other_database():
    names = {index.name for index in BOOKS.table.indexes}

    assert names == {"book_search_idx", "book_search_ft"}
    assert BOOKS.sql("postgresql") == BOOKS.sql("mysql") == []
