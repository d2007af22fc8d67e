import asyncio

import pytest
from sqlalchemy import func, select

from gambrel import GambrelError
from gambrel.db import AsyncSession, Database
from tests.db.shop import Hero, make_database, run


def test_a_row_is_inserted_and_then_changed(url):
    async def work(db: AsyncSession) -> tuple[int, int, int, int]:
        first = await db.upsert(Hero, {"name": "Deadpond", "age": 30}, on=[Hero.name])
        before = first.age
        second = await db.upsert(Hero, {"name": "Deadpond", "age": 31}, on=["name"])
        return first.id, before, second.id, second.age

    first, before, second, after = run(url, work)

    assert first == second
    assert (before, after) == (30, 31)


def test_only_what_is_named_is_changed(url):
    async def work(db: AsyncSession) -> Hero:
        await db.upsert(Hero, {"name": "Deadpond", "age": 30, "nickname": "a"}, on=[Hero.name])
        new = {"name": "Deadpond", "age": 31, "nickname": "b"}
        return await db.upsert(Hero, new, on=[Hero.name], update=["nickname"])

    hero = run(url, work)

    assert (hero.age, hero.nickname) == (30, "b")


def test_with_nothing_to_change_it_is_got_or_created(url):
    async def work(db: AsyncSession) -> tuple[int, int]:
        first = await db.upsert(Hero, {"name": "Deadpond", "age": 30}, on=[Hero.name], update=())
        again = await db.upsert(Hero, {"name": "Deadpond", "age": 99}, on=[Hero.name], update=())
        return first.id - again.id, again.age

    assert run(url, work) == (0, 30)


def test_many_at_once_make_one_row(url):
    async def main() -> int:
        database = make_database(url)
        async with database.running():
            await asyncio.gather(*[one(database) for _ in range(20)])
            async with database.session(read_only=True) as db:
                return await db.scalar(select(func.count(Hero.id))) or 0

    async def one(database: Database) -> None:
        async with database.session() as db:
            await db.upsert(Hero, {"name": "Deadpond", "age": 30}, on=[Hero.name])

    assert asyncio.run(main()) == 1


def test_a_name_that_the_model_has_not_is_refused(sqlite):
    async def work(db: AsyncSession) -> None:
        await db.upsert(Hero, {"name": "x", "agee": 3}, on=[Hero.name])

    with pytest.raises(GambrelError, match="'agee', which Hero has not"):
        run(sqlite, work)
