import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.util.concurrency import greenlet_spawn
from sqlalchemy.util.queue import Empty, Full

from gambrel.db.connections.pools import CHECKED, FRESH, STANDS_IN, Line
from tests.db.shop import make_database


def test_a_line_keeps_what_lies_ready_in_order():
    line = Line(2)

    assert line.empty()
    with pytest.raises(Empty):
        line.get(block=False)
    line.put("first")
    line.put_nowait("second")
    with pytest.raises(Full):
        line.put("third")
    assert (line.qsize(), line.full()) == (2, True)
    assert [line.get(), line.get_nowait()] == ["first", "second"]


def test_who_waits_longest_is_served_and_nobody_comes_in_between():
    async def main() -> list[str]:
        line, served = Line(1), []

        async def wait(name: str) -> None:
            served.append(name + await greenlet_spawn(line.get, True, 1.0))

        waiting = [asyncio.create_task(wait(name)) for name in "ab"]
        await asyncio.sleep(0)
        line.put("1")
        with pytest.raises(Empty):
            line.get_nowait()  # it is promised already
        line.put("2")
        await asyncio.gather(*waiting)
        return served

    assert asyncio.run(main()) == ["a1", "b2"]


def test_who_waits_no_longer_is_passed_over():
    async def main() -> None:
        line = Line(1)
        with pytest.raises(Empty):
            await line.turn(0.0)
        gone = asyncio.create_task(line.turn(1.0))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)

        late = asyncio.create_task(line.turn(1.0))
        await asyncio.sleep(0)
        assert len(line.waiting) == 1
        line.put("x")
        late.cancel()  # when it was served already
        with suppress(asyncio.CancelledError):
            await late
        assert line.get_nowait() == "x"

    asyncio.run(main())


@pytest.mark.service("postgres")
def test_a_connection_is_taken_once_it_was_given_back_and_until_it_has_to_be_tried(postgres):
    database = make_database(postgres, pool_size=1)

    async def main() -> None:
        async with database.running():
            pool: Any = database.engines.reader.pool
            async with database.engines.reader.connect() as connection:
                await connection.execute(text("SELECT 1"))
            record = await pool.take()
            assert pool.checkedin() == 0
            pool.give(record)

            for key, value in ((CHECKED, time.monotonic() - FRESH - 1), (STANDS_IN, 0.0)):
                record.info[key] = value
                assert await pool.take() is None
                record.info = {CHECKED: time.monotonic()}
            pool._invalidate_time = time.time()
            assert await pool.take() is None
            assert pool.checkedin() == 1

    asyncio.run(main())


def test_a_connection_is_waited_for_as_long_as_the_setting_says(url):
    database = make_database(url, pool_size=1, pool_wait=0.05)

    async def main() -> None:
        async with database.running():
            pool: Any = database.engines.reader.pool
            async with database.engines.reader.connect():
                with pytest.raises(PoolTimeout):
                    await pool.take()

    asyncio.run(main())
