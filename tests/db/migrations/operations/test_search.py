import pytest

from gambrel.db.migrations.lint import risks
from gambrel.db.migrations.preview import sql_of

TABLE = """
op.create_table(
    "book",
    sa.Column("number", sa.Integer(), nullable=False),
    sa.Column("title", sa.String(100)),
    sa.PrimaryKeyConstraint("number", name="pk_book"),
)
"""
MAKE = 'create_full_text("book", ["title"], language="english")'
BESIDE = 'create_full_text("book", ["title"], concurrently=True)'
WORDS = {
    "sqlite": "SELECT rowid FROM book_search WHERE book_search MATCH 'dune'",
    "postgresql": "SELECT number FROM book WHERE to_tsvector('simple', title) @@ 'dune'",
    "mariadb": "SELECT number FROM book WHERE MATCH (title) AGAINST ('dune')",
}


def test_rows_that_are_there_are_searched_too_and_it_can_be_removed(bench):
    bench.write("0001_book", f"{TABLE}\nop.execute(\"INSERT INTO book VALUES (7, 'Dune')\")")
    bench.write("0002_search", BESIDE, 'drop_full_text("book", concurrently=True)')
    bench.write(
        "0003_other", f'drop_full_text("book")\n{MAKE}', f'drop_full_text("book")\n{BESIDE}'
    )

    bench.up()
    assert bench.rows(WORDS[bench.address.kind]) == [(7,)]

    bench.down(["0002_search"])
    assert bench.rows(WORDS[bench.address.kind]) == [(7,)]
    bench.down(["0001_book"])
    assert bench.rows("SELECT number, title FROM book") == [(7, "Dune")]


@pytest.mark.service("postgres")
def test_its_sql_is_written_for_a_server(large):
    large.write("0001_book", f"{TABLE}\n{MAKE}")
    large.write("0002_more", 'drop_full_text("book")')

    text = sql_of(large.project)

    assert "CREATE INDEX book_search_idx ON book USING gin" in text
    assert "'english'::regconfig" in text
    assert "DROP INDEX book_search_idx" in text


def test_it_is_unsafe_on_a_table_in_use_unless_it_is_made_beside_it(small):
    small.write("0001_book", f"{TABLE}\n{MAKE}")
    small.write("0002_locked", f'drop_full_text("book")\n{MAKE}')
    small.write("0003_beside", f'drop_full_text("book", concurrently=True)\n{BESIDE}')
    small.write("0004_gone", 'drop_full_text("book")\nop.drop_table("book")')

    found = {one.id: [risk.rule for risk in risks(one)] for one in small.history.ordered}

    assert found == {
        "0001_book": [],
        "0002_locked": ["search", "search"],
        "0003_beside": [],
        "0004_gone": ["drop"],
    }
