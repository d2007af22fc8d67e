import asyncio

import pytest

from gambrel.db.connections.postgres import AsyncConnection
from tests.db.proxy import Proxy

pytestmark = pytest.mark.service("postgres")


def test_a_cancelled_statement_of_a_silent_server_ends_soon_and_closes_the_connection(postgres):
    async def main() -> None:
        proxy = Proxy(5432)
        await proxy.start()
        url = postgres.replace(":5432", f":{proxy.port}")
        connection = await AsyncConnection.connect(url)
        task = asyncio.create_task(connection.execute("SELECT pg_sleep(30)"))
        await asyncio.sleep(0.1)
        proxy.swallow()
        task.cancel()
        async with asyncio.timeout(5):  # the driver itself takes ten
            await asyncio.wait([task])
        assert task.cancelled()
        assert connection.closed
        await proxy.stop()

    asyncio.run(main())


def test_one_statement_stands_alone_and_the_next_begins_a_transaction_that_reads(postgres):
    async def main() -> None:
        connection = await AsyncConnection.connect(postgres)
        connection.begin_reading(True)
        connection.stands_alone = True
        await connection.execute("SELECT 1")
        assert (connection.stands_alone, connection.can_end_now()) == (False, True)
        connection.end_now()
        await connection.execute("SELECT 1")
        assert not connection.can_end_now()
        shown = await connection.execute("SHOW transaction_read_only")
        assert await shown.fetchone() == ("on",)
        await connection.rollback()
        connection.begin_reading(False)
        shown = await connection.execute("SHOW transaction_read_only")
        assert await shown.fetchone() == ("off",)
        await connection.close()

    asyncio.run(main())
