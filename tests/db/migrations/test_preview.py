import sqlite3

import pytest

from gambrel import GambrelError
from gambrel.db.migrations.preview import sql_of
from gambrel.db.migrations.schemas import read_schema

UP = """
op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))
op.execute("INSERT INTO hero (id) VALUES (1)")
"""
MORE = """
with op.batch_alter_table("hero") as batch:
    batch.add_column(sa.Column("age", sa.Integer()))
    batch.create_check_constraint("ck_hero_age", "age > 0")
create_index_concurrently("ix_hero_age", "hero", ["age"])
"""


def test_the_sql_of_all_migrations_is_written_and_nothing_is_run(bench):
    bench.write("0001_hero", UP)
    bench.write("0002_age", MORE)

    written = sql_of(bench.project)

    assert "CREATE TABLE hero" in written
    assert "ck_hero_age" in written
    assert bench.within(read_schema) == {}


def test_a_part_of_it_is_written(bench):
    bench.write("0001_hero", UP)
    bench.write("0002_age", MORE)

    later, earlier = sql_of(bench.project, since="0001"), sql_of(bench.project, to="0001")

    assert "ix_hero_age" in later
    assert "INSERT INTO hero" not in later
    assert "ix_hero_age" not in earlier
    assert "INSERT INTO hero" in earlier


@pytest.mark.service("postgres")
def test_what_runs_by_hand_on_postgresql_leads_where_up_leads(large):
    large.write("0001_hero", UP)
    large.write("0002_age", 'add_check("ck", "hero", "id > 0")')
    written = sql_of(large.project)

    def by_hand(connection) -> None:
        driver = connection.connection.driver_connection
        driver.autocommit = True
        driver.execute(written)

    large.within(by_hand)

    assert large.up() == []
    assert large.rows("SELECT id FROM hero") == [(1,)]


def test_what_is_written_for_sqlite_runs(small, tmp_path):
    small.write("0001_hero", UP)
    small.write("0002_age", MORE)

    with sqlite3.connect(tmp_path / "by_hand.db") as connection:
        connection.executescript(sql_of(small.project))
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    connection.close()

    assert {"hero", "ix_hero_age"} <= set(names)


@pytest.mark.service("postgres")
def test_what_depends_on_rows_is_told(large):
    large.write("0001_hero", "assert op.get_bind().execute(sa.text('SELECT 1')).scalar() == 1")

    with pytest.raises(GambrelError) as caught:
        sql_of(large.project)

    assert caught.value.code == "db.migration-sql"
    assert "0001_hero" in str(caught.value)


def test_an_unknown_revision_is_told(small):
    with pytest.raises(GambrelError) as caught:
        sql_of(small.project, to="0009")

    assert caught.value.code == "db.no-revision"
