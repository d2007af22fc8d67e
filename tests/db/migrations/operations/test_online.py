import pytest
from sqlalchemy import inspect, text

from gambrel.db.migrations.schemas import read_schema

TABLES = """
op.create_table("team", sa.Column("id", sa.Integer(), primary_key=True))
op.create_table(
    "hero",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("age", sa.Integer()),
    sa.Column("team_id", sa.Integer()),
)
op.execute("INSERT INTO team (id) VALUES (1)")
op.execute("INSERT INTO hero (id, age, team_id) VALUES (1, 7, 1), (2, 8, 1)")
"""
CHANGES = """
create_index_concurrently("ix_hero_team_id", "hero", ["team_id"])
set_not_null("hero", "age", sa.Integer())
add_check("ck_hero_age", "hero", "age > 0")
add_foreign_key("fk_hero_team_id_team", "hero", "team", ["team_id"], ["id"])
add_unique("uq_hero_age", "hero", ["age"])
"""
BACK = """
with op.batch_alter_table("hero") as batch:
    batch.drop_constraint("uq_hero_age", type_="unique")
    batch.drop_constraint("fk_hero_team_id_team", type_="foreignkey")
    batch.drop_constraint("ck_hero_age", type_="check")
    batch.alter_column("age", existing_type=sa.Integer(), nullable=True)
drop_index_concurrently("ix_hero_team_id", "hero")
"""


def test_changes_that_lock_nobody_out_do_what_plain_ones_do(bench):
    bench.write("0001_tables", TABLES)
    bench.write("0002_changes", CHANGES, BACK)
    bench.up("0001")
    before = bench.within(read_schema)
    bench.up()

    schema = bench.within(read_schema)
    assert schema["hero", "index ix_hero_team_id"].startswith("(team_id)")
    assert schema["hero", "column age"].endswith("NOT NULL")
    assert ("hero", "check ck_hero_age") in schema
    assert "team(id)" in schema["hero", "foreign key fk_hero_team_id_team"]
    assert schema["hero", "unique uq_hero_age"] == "(age)"
    assert ("hero", "check ck_hero_age_not_null") not in schema
    assert bench.rows("SELECT count(*) FROM hero") == [(2,)]

    bench.down(["0001_tables"])
    assert bench.within(read_schema) == before


@pytest.mark.service("postgres")
def test_an_index_that_a_broken_attempt_has_left_is_made_anew(large):
    large.write("0001_tables", TABLES + '\nop.execute("UPDATE hero SET age = 7")')
    large.write("0002_index", 'create_index_concurrently("ix", "hero", ["age"], unique=True)')
    large.up("0001")
    with pytest.raises(Exception, match="could not create unique index"):
        large.up()
    invalid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass"
    assert large.rows(invalid) == [(False,)]
    large.run("UPDATE hero SET age = id")

    assert large.up() == ["0002_index"]

    assert large.rows(invalid) == [(True,)]


@pytest.mark.service("postgres")
def test_an_index_is_made_while_others_write(large):
    large.write("0001_tables", TABLES)
    large.write("0002_index", 'create_index_concurrently("ix", "hero", ["age"])')
    large.up("0001")
    heard: list[str] = []

    def hear(statement: str) -> None:
        heard.append(statement)

    def work(connection) -> None:
        connection.execute(text("SELECT 1"))
        assert inspect(connection).get_indexes("hero") == []

    large.within(work)
    large.up()

    assert large.rows("SELECT indexname FROM pg_indexes WHERE indexname = 'ix'") == [("ix",)]
    assert large.rows("SHOW lock_timeout") == [("3s",)]
