import asyncio
import threading
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import Integer, column, text
from sqlalchemy.exc import OperationalError

from gambrel.db import compiled
from gambrel.db.fast.trips import Trip
from gambrel.threads import WorkerPool
from tests.db.shop import make_database
from tests.db.test_units_cancelled import checked_out


class Counted(Struct):
    count: int


ONE = compiled(text("SELECT 1 AS count").columns(column("count", Integer)), into=Counted)
MISSING = compiled(
    text("SELECT count FROM nowhere").columns(column("count", Integer)), into=Counted
)
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
ENDLESS = compiled(
    text(f"SELECT ({NUMBERS}) AS count").columns(column("count", Integer)), into=Counted
)


def opened(sqlite: str, use: Any, size: int = 1) -> None:
    database = make_database(sqlite, pool_size=size)

    async def main() -> None:
        async with database.running():
            await ONE.one(database)
            async with asyncio.timeout(10):
                await use(database)
            assert checked_out(database) == 0
            assert (await ONE.one(database)).count == 1

    asyncio.run(main())


def test_many_at_once_are_answered_by_few_connections(sqlite):
    async def use(database: Any) -> None:
        found = await asyncio.gather(*[ONE.one(database) for _ in range(50)])
        assert [one.count for one in found] == [1] * 50
        assert database.engines.reader.pool.checkedin() <= 2

    opened(sqlite, use, 2)


def test_who_waits_for_a_connection_gets_the_one_that_was_in_a_thread(sqlite):
    async def use(database: Any) -> None:
        pool = database.engines.reader.pool
        record = pool.take_now()
        waiting = asyncio.create_task(ONE.one(database))
        await asyncio.sleep(0.05)
        assert pool._pool.waiting
        pool.lay(record)
        pool.serve()
        assert (await waiting).count == 1

    opened(sqlite, use)


def test_what_fails_is_an_error_of_sqlalchemy_and_its_connection_goes_on(sqlite):
    async def use(database: Any) -> None:
        with pytest.raises(OperationalError, match="no such table"):
            await MISSING.one(database)

    opened(sqlite, use)


def test_who_is_cancelled_does_not_keep_a_thread_at_it(sqlite):
    async def use(database: Any) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ENDLESS.one(database), 0.1)
        assert database.engines.reader.pool.checkedin() == 1

    opened(sqlite, use)


def test_who_is_cancelled_before_the_thread_comes_to_it_asks_nothing(sqlite):
    async def use(database: Any) -> None:
        one, release = WorkerPool(asyncio.get_running_loop(), 1), threading.Event()
        one.submit(lambda *_: None, release.wait)
        trip = Trip(database.engines.reader.pool, (f"SELECT ({NUMBERS})", (), 1))
        task = asyncio.create_task(trip.made(one))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0)
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (trip.answer, trip.record) == (None, None)
        one.close()

    opened(sqlite, use)


def test_a_cancellation_in_the_moment_of_the_end_waits_for_nothing(sqlite):
    async def use(database: Any) -> None:
        engines = database.engines
        trip = Trip(engines.reader.pool, ("SELECT 1", (), 1))
        task = asyncio.create_task(trip.made(engines.workers))
        await asyncio.sleep(0)
        task.cancel()
        trip.run()
        trip.finish(None, None)
        with pytest.raises(asyncio.CancelledError):
            await task

    opened(sqlite, use)


def test_what_has_ended_is_not_interrupted_whoever_has_its_connection_now(sqlite):
    async def use(database: Any) -> None:
        trip = Trip(database.engines.reader.pool, ("SELECT 1", (), 1))
        assert await trip.made(database.engines.workers) is not None
        trip.interrupt()

    opened(sqlite, use)
