import pytest

from gambrel.core.http.errors import GambrelError
from gambrel.db.inspection.reading import inspect_url, read
from tests.db.inspection.roundtrip import SCHEMAS, engine_of, run_sql


@pytest.fixture
def library(sqlite):
    engine = engine_of(sqlite)
    run_sql(engine, (SCHEMAS / "sqlite.sql").read_text())
    return engine


def test_tables_come_after_what_they_refer_to_and_those_of_a_search_do_not_come(library):
    with library.connect() as connection:
        found = read(connection)

    names = [table.name for table in found.tables]
    assert names.index("people") < names.index("shipments")
    assert not any(name.startswith("found") for name in names)
    assert [view.name for view in found.views] == ["readers"]


def test_what_migrations_keep_of_themselves_does_not_come(library):
    hidden = {"alembic_version", "gambrel_migration"}
    with library.connect() as connection:
        for name in hidden:
            connection.exec_driver_sql(f"CREATE TABLE {name} (a)")

        names = {table.name for table in read(connection).tables}

    assert names
    assert not hidden & names


@pytest.mark.service("postgres")
def test_a_unique_constraint_that_waits_is_read_as_such(postgres):
    engine = engine_of(postgres)
    run_sql(engine, "CREATE TABLE a (b integer UNIQUE DEFERRABLE INITIALLY DEFERRED)")

    with engine.connect() as connection:
        (table,) = read(connection).tables

    (one,) = [item for item in table.constraints if item.name == "a_b_key"]
    assert (one.deferrable, one.initially) == (True, "DEFERRED")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(GambrelError, match="there is no file") as caught:
        inspect_url(f"sqlite:///{tmp_path}/missing.db")

    assert caught.value.code == "db.unreachable"
    assert not (tmp_path / "missing.db").exists()


def test_a_server_that_is_not_there_is_told_without_its_password():
    with pytest.raises(GambrelError) as caught:
        inspect_url("postgresql://user:secret@127.0.0.1:1/name")

    assert caught.value.code == "db.unreachable"
    assert "secret" not in str(caught.value)


def test_a_database_without_tables_is_told(tmp_path):
    (tmp_path / "empty.db").touch()

    with pytest.raises(GambrelError) as caught:
        inspect_url(f"sqlite:///{tmp_path}/empty.db")

    assert caught.value.code == "db.no-tables"
