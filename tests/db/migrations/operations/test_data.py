import pytest

from gambrel import GambrelError

HEROES = """
op.create_table(
    "hero",
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("first", sa.String(20)),
    sa.Column("last", sa.String(20)),
    sa.Column("full_name", sa.String(50)),
)
op.bulk_insert(
    table("hero"),
    [{"id": n, "first": f"f{n}", "last": f"l{n}"} for n in range(1, 26)],
)
"""


def test_rows_come_in_batches_by_their_key(bench):
    bench.write("0001_hero", HEROES)
    bench.write(
        "0002_fill",
        """
        heroes = table("hero")
        for rows in batches("hero", "first", "last", where="id <> 3", size=10):
            assert len(rows) <= 10
            for row in rows:
                change = heroes.update().where(heroes.c.id == row.id)
                connection().execute(change.values(full_name=f"{row.first} {row.last}"))
        """,
    )

    bench.up()

    found = bench.rows("SELECT id, full_name FROM hero ORDER BY id")
    assert found == [(n, None if n == 3 else f"f{n} l{n}") for n in range(1, 26)]


def test_what_broke_off_goes_on_behind_the_last_batch(bench):
    bench.write("0001_hero", HEROES)
    fill = """
    for rows in batches("hero", size=10):
        {check}
        for row in rows:
            op.execute(f"UPDATE hero SET last = 'new' WHERE id = {{row.id}} AND last <> 'new'")
            op.execute(f"UPDATE hero SET full_name = concat(last, '{again}') WHERE id = {{row.id}}")
    """
    if bench.address.kind == "sqlite":
        fill = fill.replace("concat(last, '{again}')", "last || '{again}'")
    bench.write("0002_fill", fill.format(check="assert rows[0].id != 21", again="1"))
    with pytest.raises(AssertionError):
        bench.up()
    bench.last = "0001_hero"
    bench.write("0002_fill", fill.format(check="", again="2"))

    bench.up()

    found = [name for (name,) in bench.rows("SELECT full_name FROM hero ORDER BY id")]
    assert found == ["new1"] * 20 + ["new2"] * 5


def test_columns_are_filled_by_sql(bench):
    bench.write("0001_hero", HEROES)
    bench.write(
        "0002_fill",
        """
        count = backfill("hero", {"full_name": "upper(first)"}, where="id > 5", size=7)
        assert count == 20, count
        """,
    )

    bench.up()

    found = bench.rows("SELECT full_name FROM hero ORDER BY id")
    assert found == [(None,)] * 5 + [(f"F{n}",) for n in range(6, 26)]


def test_keys_of_several_columns_are_gone_through(bench):
    bench.write(
        "0001_hero",
        """
        op.create_table(
            "seat",
            sa.Column("row", sa.String(1), primary_key=True),
            sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
            sa.Column("taken", sa.Integer()),
        )
        seats = [{"row": row, "number": n} for row in "ab" for n in range(5)]
        op.bulk_insert(table("seat"), seats)
        assert backfill("seat", {"taken": "1"}, size=3) == 10
        """,
    )

    bench.up()

    assert bench.rows("SELECT sum(taken) FROM seat") == [(10,)]


def test_a_session_works_on_tables_of_the_moment(small):
    small.write("0001_hero", HEROES)
    small.write(
        "0002_fill",
        """
        hero = table("hero")
        db = session()
        db.execute(sa.insert(hero).values(id=99, first="x"))
        db.flush()
        """,
    )

    small.up()

    assert small.rows("SELECT first FROM hero WHERE id = 99") == [("x",)]


def test_a_table_without_a_key_is_told(small):
    small.write(
        "0001_hero",
        "op.create_table('log', sa.Column('a', sa.Integer()))\nbackfill('log', {'a': '1'})",
    )

    with pytest.raises(GambrelError) as caught:
        small.up()

    assert caught.value.code == "db.migration-key"
