import pytest

from gambrel import GambrelError
from gambrel.db.migrations.running import steps
from gambrel.db.migrations.running.records import Record
from gambrel.db.migrations.running.steps import Steps, fingerprint, is_change, is_read

HERO = 'op.create_table("hero", sa.Column("id", sa.Integer(), primary_key=True))'


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "  -- why\n select 1",
        "/* route */ SHOW TABLES",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "(SELECT 1)",
        "SET lock_timeout = 0",
    ],
)
def test_what_reads_is_no_change(statement):
    assert is_read(statement)
    assert not is_change(statement)


@pytest.mark.parametrize(
    "statement", ["INSERT INTO a VALUES (1)", "WITH a AS (DELETE FROM b RETURNING *) SELECT 1"]
)
def test_what_writes_rows_is_no_read(statement):
    assert not is_read(statement)
    assert not is_change(statement)


@pytest.mark.parametrize("statement", ["create table a (b int)", "ALTER TABLE a", "\nDROP INDEX b"])
def test_what_changes_tables_is_told(statement):
    assert is_change(statement)


@pytest.mark.service("mariadb")
def test_a_fingerprint_tells_schemas_apart_and_ignores_rows(maria):
    maria.run("CREATE TABLE hero (id integer auto_increment PRIMARY KEY)")
    first = maria.within(fingerprint)
    maria.run("INSERT INTO hero VALUES (NULL)", "INSERT INTO hero VALUES (NULL)")
    assert maria.within(fingerprint) == first

    seen = {first}
    for change in (
        "ALTER TABLE hero ADD COLUMN age integer",
        "CREATE INDEX ix_hero_age ON hero (age)",
        "CREATE VIEW old AS SELECT * FROM hero WHERE age > 9",
        "CREATE TRIGGER young BEFORE INSERT ON hero FOR EACH ROW SET NEW.age = 1",
    ):
        maria.run(change)
        found = maria.within(fingerprint)
        assert found not in seen, change
        seen.add(found)


def test_a_commit_on_the_way_is_a_mark_that_stays(small):
    small.write(
        "0001_hero",
        f"""
        {HERO}
        with op.get_context().autocommit_block():
            op.execute("INSERT INTO hero VALUES (1)")
        op.execute("INSERT INTO nowhere VALUES (1)")
        """,
        None,
    )
    for _ in range(2):
        with pytest.raises(GambrelError, match="nowhere"):
            small.up()

    assert small.rows("SELECT id FROM hero") == [(1,)]
    assert small.rows("SELECT mark, applied_at FROM gambrel_migration") == [(2, None)]


def test_one_that_ends_before_its_mark_was_edited(small):
    def work(connection) -> None:
        broken = Record("0001", "x", mark=3, statement="a:b")
        found = Steps(connection, broken)
        context = type("Context", (), {"opts": {}, "autocommit_block": None})()
        with pytest.raises(GambrelError) as caught, found.watching(context):  # type: ignore[arg-type]
            pass
        assert caught.value.code == "db.migration-edited"

    small.within(work)


def test_where_sql_is_only_written_nothing_is_counted():
    assert steps.steps_of(type("Context", (), {"opts": {}})()) is None  # type: ignore[arg-type]
