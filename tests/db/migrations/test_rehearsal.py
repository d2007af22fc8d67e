from sqlalchemy import Column, Integer, Table

from gambrel.db.migrations.rehearsal import rehearse, rehearsing
from gambrel.db.migrations.schemas import read_schema

HERO = 'op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))'


def test_nothing_is_wrong_where_each_way_down_undoes_its_way_up(bench):
    Table("hero", bench.metadata, Column("id", Integer, primary_key=True))
    bench.write("0001_hero", HERO, 'op.drop_table("hero")')
    bench.write("0002_rows", "op.execute('INSERT INTO hero (id) VALUES (1)')", None)

    assert rehearse(bench.project) == []
    assert bench.within(read_schema) == {}


def test_what_a_downgrade_forgets_is_told(small):
    Table("hero", small.metadata, Column("id", Integer, primary_key=True), Column("age", Integer))
    small.write("0001_hero", HERO, 'op.drop_table("hero")')
    small.write(
        "0002_age",
        """
        op.execute("DROP TABLE IF EXISTS other")
        op.add_column("hero", sa.Column("age", sa.Integer()))
        """,
        'op.drop_column("hero", "age")\nop.create_table("other", sa.Column("id", sa.Integer()))',
    )

    assert rehearse(small.project) == [
        "0002_age, downgrade(): other: in what is after, not in what was before"
    ]


def test_rows_are_followed_through_a_migration(bench):
    bench.write("0001_hero", HERO, 'op.drop_table("hero")')
    bench.write(
        "0002_age",
        'op.add_column("hero", sa.Column("age", sa.Integer()))\n'
        'op.execute("UPDATE hero SET age = id * 2")',
        'op.drop_column("hero", "age")',
    )

    with rehearsing(bench.project, "0001") as database:
        database.run("INSERT INTO hero (id) VALUES (:id)", id=21)
        database.up()
        assert database.rows("SELECT age FROM hero WHERE id = :id", id=21) == [(42,)]
        database.down("0001")
        assert database.rows("SELECT * FROM hero") == [(21,)]
        database.down()
        assert ("hero", "table") not in database.schema()
