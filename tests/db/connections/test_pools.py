import asyncio
import time

import pytest
from sqlalchemy import text

from gambrel.db.connections.pools import CHECKED, FRESH
from tests.db.shop import make_database


@pytest.mark.service("postgres")
def test_a_connection_lies_ready_once_it_was_given_back_and_until_it_has_to_be_tried(postgres):
    database = make_database(postgres, pool_size=1)

    async def main() -> None:
        async with database.running():
            engine = database.engines.reader
            pool = engine.pool
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
                assert not pool.has_fresh()
            assert pool.has_fresh()

            record = pool._pool._queue._queue[0]
            record.info[CHECKED] = time.monotonic() - FRESH - 1
            assert not pool.has_fresh()
            record.info[CHECKED] = time.monotonic()
            pool._invalidate_time = time.time()
            assert not pool.has_fresh()

    asyncio.run(main())
