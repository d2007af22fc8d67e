import asyncio

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from tests.db.shop import Hero, Team, make_database


def test_a_relation_is_loaded_in_a_greenlet_where_code_that_waits_may_run(sqlite):
    async def main() -> list[str]:
        database = make_database(sqlite)
        async with database.running():
            async with database.session() as db:
                db.add(Hero(name="Deadpond", team=Team(name="Z-Force")))
            async with database.session(read_only=True) as db:
                team = await db.one_or_404(select(Team))
                return await db.run_sync(lambda _: [hero.name for hero in team.heroes])

    assert asyncio.run(main()) == ["Deadpond"]


def test_eager_loading_is_no_lazy_loading_in_a_thread(sqlite):
    async def main() -> list[str]:
        database = make_database(sqlite)
        async with database.running():
            with database.plain_session() as db:
                db.add(Hero(name="Deadpond", team=Team(name="Z-Force")))
            with database.plain_session(read_only=True) as db:
                team = db.one_or_404(select(Team).options(selectinload(Team.heroes)))
                hero = db.one_or_404(select(Hero).options(joinedload(Hero.team)))
                assert hero.team is team
                return [hero.name for hero in team.heroes]

    assert asyncio.run(main()) == ["Deadpond"]
