import asyncio

import pytest
from sqlalchemy import func, select

from gambrel import GambrelError
from gambrel.db.trials import Trial
from tests.db.shop import Hero, make_database


def test_both_kinds_of_sessions_are_undone_and_their_connections_free(url):
    async def main() -> None:
        database = make_database(url)
        async with database.running():
            trial = Trial(database.engines)
            for work in (trial.for_async, trial.for_async):
                connection = await work()
            await connection.execute(Hero.__table__.insert(), {"name": "Undone", "age": 1})
            assert await connection.scalar(select(func.count(Hero.id))) == 1
            await trial.close()

            plain = Trial(database.engines)
            joined = plain.for_plain()
            assert joined.scalar(select(func.count(Hero.id))) == 0
            await plain.close()

            assert database.engines.writer.pool.checkedout() == 0
            assert database.engines.plain_writer.pool.checkedout() == 0

    asyncio.run(main())


def test_sqlite_has_one_writer_and_says_so_at_once(sqlite):
    async def main() -> None:
        database = make_database(sqlite)
        async with database.running():
            trial = Trial(database.engines)
            await trial.for_async()
            with pytest.raises(GambrelError, match="SQLite has one writer"):
                trial.for_plain()
            await trial.close()

    asyncio.run(main())
