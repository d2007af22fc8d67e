import pytest
from sqlalchemy import inspect

from gambrel.db.inspection.sqlite import complete
from tests.db.inspection.roundtrip import engine_of, run_sql


@pytest.fixture
def connection(sqlite):
    engine = engine_of(sqlite)
    run_sql(
        engine,
        "CREATE TABLE a (id INTEGER PRIMARY KEY, name VARCHAR(8) UNIQUE, n INTEGER UNIQUE,"
        " up INTEGER REFERENCES a (id) ON UPDATE CASCADE,"
        " down INTEGER REFERENCES a (id) ON DELETE SET NULL, plain INTEGER REFERENCES a (id),"
        " UNIQUE (name, n))",
    )
    with engine.connect() as connection:
        yield connection


def test_what_happens_with_a_row_whose_other_row_goes_is_seen(connection):
    complete(connection)
    complete(connection)

    keys = inspect(connection).get_foreign_keys("a")

    assert {key["constrained_columns"][0]: key["options"] for key in keys} == {
        "up": {"onupdate": "CASCADE"},
        "down": {"ondelete": "SET NULL"},
        "plain": {},
    }


def test_unique_columns_are_seen_and_none_twice(connection):
    complete(connection)

    found = inspect(connection).get_unique_constraints("a")

    assert sorted(one["column_names"] for one in found) == [["n"], ["name"], ["name", "n"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("STRING", "STRING"),
        ("UUID", "UUID"),
        ("GEOMETRY(1, 2)", "GEOMETRY(1, 2)"),
        ("MONEY", "NUMERIC"),
        ("NUMERIC(8, 2)", "NUMERIC(8, 2)"),
        ("VARBINARY(16)", "VARBINARY(16)"),
        ("BINARY", "BINARY"),
        ("INTEGER", "INTEGER"),
    ],
)
def test_a_type_that_is_no_number_is_not_taken_for_one(sqlite, name, expected):
    engine = engine_of(sqlite)
    run_sql(engine, f"CREATE TABLE a (id INTEGER PRIMARY KEY, b {name})")

    with engine.connect() as connection:
        complete(connection)
        (_, column) = inspect(connection).get_columns("a")

        assert column["type"].compile(dialect=connection.dialect) == expected


@pytest.mark.service("postgres")
def test_other_databases_are_left_alone(postgres):
    with engine_of(postgres).connect() as connection:
        complete(connection)

        assert "get_foreign_keys" not in vars(connection.dialect)
