import pytest

from gambrel.db.migrations.schemas import read_schema

SEATS = """
op.create_table(
    "seat",
    sa.Column("a", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("b", sa.Integer(), nullable=False),
)
op.execute("INSERT INTO seat VALUES (1, 1)")
"""


def test_a_table_gets_another_primary_key_and_keeps_its_rows(bench):
    bench.write("0001_seats", SEATS)
    bench.write(
        "0002_key", 'change_primary_key("seat", ["a", "b"])', 'change_primary_key("seat", ["a"])'
    )
    bench.up()

    assert bench.within(read_schema)["seat", "primary key"] == "(a, b)"
    bench.run("INSERT INTO seat VALUES (1, 2)")
    bench.run("DELETE FROM seat WHERE b = 2")

    bench.down(["0001_seats"])
    assert bench.rows("SELECT * FROM seat") == [(1, 1)]
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        bench.run("INSERT INTO seat VALUES (1, 2)")
