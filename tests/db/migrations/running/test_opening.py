from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.db.connections.urls import parse_address
from gambrel.db.migrations.running.opening import connected


def test_the_folder_of_a_file_is_made(tmp_path):
    address = parse_address(f"sqlite:///{tmp_path}/new/app.db", Path())

    with connected(address) as connection:
        connection.exec_driver_sql("CREATE TABLE a (b)")
        connection.commit()

    assert (tmp_path / "new" / "app.db").is_file()


def test_tables_change_in_a_transaction_on_sqlite(small):
    def work(connection) -> None:
        connection.begin()
        connection.exec_driver_sql("CREATE TABLE a (b)")
        connection.rollback()

    small.within(work)

    assert small.rows("SELECT name FROM sqlite_master") == []


def test_locks_of_tables_are_waited_for_for_a_short_time(bench):
    ask = {
        "sqlite": "PRAGMA busy_timeout",
        "postgresql": "SHOW lock_timeout",
        "mariadb": "SELECT @@lock_wait_timeout",
    }[bench.address.kind]

    assert bench.rows(ask) in ([(60000,)], [("3s",)], [(3,)])


def test_a_database_in_memory_cannot_be_migrated_from_outside():
    with pytest.raises(GambrelError) as caught, connected(parse_address("sqlite://", Path())):
        pass

    assert caught.value.code == "db.in-memory"


@pytest.mark.parametrize(
    "url", ["postgresql://x@127.0.0.1:1/x", "mariadb://x@127.0.0.1:1/x", "sqlite:////dev/null/x/y"]
)
def test_what_cannot_be_reached_is_told(url):
    with pytest.raises((GambrelError, OSError)) as caught, connected(parse_address(url, Path())):
        pass

    assert not isinstance(caught.value, GambrelError) or caught.value.code == "db.unreachable"
