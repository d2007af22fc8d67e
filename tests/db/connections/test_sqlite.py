import asyncio
import gc
import sqlite3

from gambrel.db.connections.sqlite import PRAGMAS, Settled, opener


def test_a_connection_begins_with_what_production_needs(tmp_path):
    async def main() -> list[object]:
        connection = await opener(tmp_path / "x.db", PRAGMAS, {"isolation_level": None})()
        found = []
        for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous"):
            cursor = await connection.execute(f"PRAGMA {name}")
            found.append((await cursor.fetchone())[0])
            await cursor.close()
        await connection.close()
        return found

    assert asyncio.run(main()) == ["wal", 1, 5000, 1]


def test_a_connection_that_is_cancelled_while_it_opens_is_closed(tmp_path):
    async def main() -> None:
        task = asyncio.create_task(opener(tmp_path / "x.db", PRAGMAS, {})())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())
    gc.collect()  # a connection that was not closed would warn here


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
