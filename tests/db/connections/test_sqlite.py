import asyncio
import gc
import sqlite3
import threading
from collections.abc import Coroutine, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gambrel.db.connections.sqlite import PRAGMAS, AsyncConnection, Settled, opener, prepare
from gambrel.threads import WorkerPool

OPTIONS = {"isolation_level": None, "check_same_thread": False}


def opened(folder: Path, pragmas: Iterable[str] = PRAGMAS) -> Coroutine[Any, Any, AsyncConnection]:
    pool = WorkerPool(asyncio.get_running_loop())
    return opener(folder / "x.db", pragmas, OPTIONS, lambda: pool)()


def test_a_connection_begins_with_what_production_needs(tmp_path):
    async def main() -> list[object]:
        connection = await opened(tmp_path)
        found = []
        for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous"):
            cursor = await connection.execute(f"PRAGMA {name}")
            found.append((await cursor.fetchone())[0])
            await cursor.close()
        await connection.close()
        return found

    assert asyncio.run(main()) == ["wal", 1, 5000, 1]


def test_two_may_meet_in_a_new_file(tmp_path):
    held = sqlite3.connect(tmp_path / "x.db", isolation_level=None, check_same_thread=False)
    held.execute("CREATE TABLE t (a)")
    held.execute("BEGIN IMMEDIATE")
    threading.Timer(0.1, held.rollback).start()
    second = sqlite3.connect(tmp_path / "x.db", timeout=0)

    prepare(second, PRAGMAS)

    assert second.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    second.close()
    held.close()


def test_a_fault_that_waiting_does_not_mend_is_told_at_once(tmp_path):
    (tmp_path / "x.db").write_text("This is no database, but a text that is long enough. " * 100)

    with (
        closing(sqlite3.connect(tmp_path / "x.db")) as connection,
        pytest.raises(sqlite3.DatabaseError, match="not a database"),
    ):
        prepare(connection, PRAGMAS)


def test_a_connection_that_is_cancelled_while_it_opens_is_closed(tmp_path):
    async def main() -> None:
        task = asyncio.create_task(opened(tmp_path))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())
    gc.collect()  # a connection that was not closed would warn here


def test_a_connection_that_its_thread_has_closed_is_not_interrupted(tmp_path):
    async def main() -> None:
        connection = await opened(tmp_path)
        await connection.in_thread(connection.plain.close)

        connection.interrupt_statement()

        await connection.close()

    asyncio.run(main())


def test_a_closed_connection_holds_no_lock_though_a_statement_was_not_read(tmp_path):
    first = sqlite3.connect(tmp_path / "x.db", factory=Settled, isolation_level=None)
    first.execute("CREATE TABLE t (a)")
    first.execute("BEGIN IMMEDIATE")
    unread = first.execute("INSERT INTO t VALUES (1), (2) RETURNING a")
    first.close()

    second = sqlite3.connect(tmp_path / "x.db", timeout=0, isolation_level=None)
    second.execute("BEGIN IMMEDIATE")
    second.close()
    del unread


def test_a_statement_and_its_rows_are_one_trip_and_more_rows_come_when_they_are_asked_for(tmp_path):
    async def main() -> None:
        connection = await opened(tmp_path)
        trips: list[str] = []
        original = connection.in_thread

        async def counted(call, *arguments):
            trips.append(call.__name__)
            return await original(call, *arguments)

        connection.in_thread = counted
        counting = "SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?"
        numbers = f"WITH RECURSIVE n(i) AS ({counting}) SELECT i FROM n"

        few = connection.cursor()
        await few.execute(numbers, (50,))
        assert [one for (one,) in await few.fetchall()] == list(range(1, 51))
        await few.close()
        assert trips == ["_run"]

        many = await connection.cursor().execute(numbers, (250,))
        assert await many.fetchone() == (1,)
        assert len(await many.fetchmany(120)) == 120
        assert len(await many.fetchall()) == 129
        await many.close()
        assert trips == ["_run", "_run", "fetchmany", "fetchall", "close"]
        await connection.close()

    asyncio.run(main())


def test_a_transaction_that_could_not_begin_begins_with_the_next_statement(tmp_path):
    async def main() -> None:
        connection = await opened(tmp_path, PRAGMAS[:1])
        await connection.cursor().execute("CREATE TABLE t (a)")
        await connection.cursor().execute("PRAGMA busy_timeout = 0")
        with closing(sqlite3.connect(tmp_path / "x.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            connection.begin_with = "BEGIN IMMEDIATE"
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                await connection.cursor().execute("INSERT INTO t VALUES (1)")
        await connection.cursor().execute("INSERT INTO t VALUES (2)")
        await connection.rollback()
        found = await connection.cursor().execute("SELECT * FROM t")
        assert await found.fetchall() == []
        await connection.close()

    asyncio.run(main())


def test_a_transaction_begins_with_its_first_statement_and_ends_without_a_trip_if_none_came(
    tmp_path,
):
    async def main() -> None:
        connection = await opened(tmp_path)
        connection.begin_with = "BEGIN IMMEDIATE"
        await connection.commit()
        assert (connection.begin_with, connection.in_transaction) == ("", False)

        connection.begin_with = "BEGIN IMMEDIATE"
        await connection.cursor().execute("CREATE TABLE t (a)")
        assert connection.in_transaction
        await connection.rollback()
        assert not connection.in_transaction
        await connection.close()

    asyncio.run(main())


def test_one_that_only_reads_ends_its_transaction_without_a_trip(tmp_path):
    async def main() -> None:
        connection = await opened(tmp_path)
        await connection.cursor().execute("CREATE TABLE t (a)")
        for only_reads in (False, True):
            connection.only_reads = only_reads
            assert connection.can_end_now()  # there is none
            connection.begin_with = "BEGIN"
            assert connection.can_end_now()  # it has only been announced
            await connection.cursor().execute("SELECT * FROM t")
            assert connection.can_end_now() is only_reads
            connection.end_now()
            assert not connection.in_transaction
        connection.begin_with = "BEGIN"
        asked = asyncio.create_task(connection.cursor().execute("SELECT * FROM t"))
        await asyncio.sleep(0)
        assert connection._tx.is_busy
        await asked
        connection.end_now()
        connection.begin_with = "BEGIN"
        connection.end_now()
        assert not connection.begin_with
        await connection.close()

    asyncio.run(main())
