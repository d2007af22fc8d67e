import asyncio
import sqlite3
from types import SimpleNamespace

import pytest

from gambrel.db.fast.drivers import asker_for, run_many, run_one
from tests.db.connections.test_sqlite import opened


def test_rows_come_with_what_tells_of_their_columns():
    connection = sqlite3.connect(":memory:")

    rows, cursor, _ = run_one(connection, "SELECT 1 AS a UNION SELECT 2", (), 0)
    first, _, _ = run_one(connection, "SELECT 1 AS a UNION SELECT 2", (), 1)
    connection.close()

    assert (rows, first) == ([(1,), (2,)], [(1,)])
    assert cursor.description[0][0] == "a"


def test_what_has_no_rows_tells_how_many_it_has_changed():
    connection = sqlite3.connect(":memory:")

    created = run_one(connection, "CREATE TABLE t (n)", (), 0)
    added = run_many(connection, "INSERT INTO t VALUES (?)", [(1,), (2,)], 0)
    changed = run_one(connection, "UPDATE t SET n = 0", (), 0)
    connection.close()

    assert created[:2] == ((), None)
    assert added[2] == changed[2] == 2


@pytest.mark.parametrize("many", [False, True])
def test_sqlite_runs_in_the_thread_of_its_connection_in_one_transaction(tmp_path, many):
    kind = SimpleNamespace(name="sqlite")

    async def main() -> int:
        connection = await opened(tmp_path)
        await asker_for(kind, many=False)(connection, "CREATE TABLE t (n)", (), 0)
        connection.begin_with = "BEGIN IMMEDIATE"
        values = [(1,), (2,)] if many else (1,)
        answer = await asker_for(kind, many=many)(connection, INSERT, values, 0)
        assert connection.plain.in_transaction
        await connection.close()
        return answer[2]

    assert asyncio.run(main()) == (2 if many else 1)


INSERT = "INSERT INTO t VALUES (?)"
