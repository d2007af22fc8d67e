import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.orm import joinedload, selectinload, undefer

from gambrel import App, GambrelError, NotFound
from gambrel.db import AsyncSession, Database, SyncSession
from gambrel.testing import Client
from tests.db.shop import Hero, Team, make_database, run


class HeroCreate(Struct):
    name: str
    age: int = 30


class HeroChange(Struct):
    name: str | UnsetType = UNSET
    age: int | UnsetType = UNSET


class HeroRow(Struct):
    id: int
    name: str


async def three(db: AsyncSession) -> None:
    for name in ("Deadpond", "Rusty-Man", "Spider-Boy"):
        await db.create(Hero, HeroCreate(name))


def test_a_row_is_made_of_a_struct_and_has_its_key(url):
    async def work(db: AsyncSession) -> tuple[int, str]:
        hero = await db.create(Hero, HeroCreate("Deadpond"), nickname="Dive")
        return hero.id, hero.nickname or ""

    assert run(url, work) == (1, "Dive")


def test_a_change_leaves_what_is_not_said(url):
    async def work(db: AsyncSession) -> Hero:
        hero = await db.create(Hero, HeroCreate("Deadpond", 31))
        return await db.change(hero, HeroChange(name="Wade"))

    hero = run(url, work)

    assert (hero.name, hero.age) == ("Wade", 31)


def test_a_field_that_the_model_has_not_is_named(sqlite):
    class Wrong(Struct):
        nmae: str

    async def work(db: AsyncSession) -> None:
        await db.create(Hero, Wrong("x"))

    with pytest.raises(GambrelError, match="has 'nmae', which Hero has not") as raised:
        run(sqlite, work)

    assert raised.value.hint == "did you mean 'name'?"


def test_values_without_fields_are_refused(sqlite):
    async def work(db: AsyncSession) -> None:
        await db.create(Hero, 3)

    with pytest.raises(GambrelError, match="int has no fields"):
        run(sqlite, work)


def test_one_row_or_not_found(url):
    async def work(db: AsyncSession) -> str:
        with pytest.raises(NotFound):
            await db.one_or_404(select(Hero).where(Hero.name == "Nobody"))
        with pytest.raises(MultipleResultsFound):
            await db.one_or_404(select(Hero))
        team = await db.create(Team, {"name": "Preventers"})
        await db.execute(update(Hero).values(team_id=team.id))
        with_heroes = select(Team).options(joinedload(Team.heroes))
        assert await db.one_or_404(with_heroes) is team
        return await db.one_or_404(select(Hero.name).where(Hero.id == 2))

    assert run(url, three, work) == "Rusty-Man"


def test_sql_by_hand_binds_its_values_and_gives_structs(url):
    async def work(db: AsyncSession) -> list[HeroRow]:
        attack = "x' OR '1'='1"
        assert (
            await db.fetch(HeroRow, "SELECT id, name FROM hero WHERE name = :it", it=attack) == []
        )
        return await db.fetch(HeroRow, "SELECT id, name FROM hero WHERE id > :id ORDER BY id", id=1)

    assert run(url, three, work) == [HeroRow(2, "Rusty-Man"), HeroRow(3, "Spider-Boy")]


def test_many_rows_are_inserted_at_once_and_their_keys_returned(postgres):
    async def work(db: AsyncSession) -> list[int]:
        rows = [{"name": f"hero {number}"} for number in range(1000)]
        found = await db.scalars(
            insert(Hero).returning(Hero.id, sort_by_parameter_order=True), rows
        )
        return list(found)

    assert run(postgres, work) == list(range(1, 1001))


def test_many_rows_are_changed_at_once(url):
    async def work(db: AsyncSession) -> list[int]:
        await db.execute(update(Hero), [{"id": 1, "age": 41}, {"id": 3, "age": 43}])
        return list(await db.scalars(select(Hero.age).order_by(Hero.id)))

    assert run(url, three, work) == [41, 30, 43]


# What is not loaded ---------------------------------------------------------------------------


async def a_team(db: AsyncSession) -> None:
    db.add(Hero(name="Deadpond", team=Team(name="Z-Force")))


def test_a_relation_that_was_not_loaded_is_named_with_what_to_type(sqlite):
    async def work(db: AsyncSession) -> None:
        hero = await db.get_or_404(Hero, 1)
        hero.team  # noqa: B018 - looks

    with pytest.raises(GambrelError, match=r"Hero\.team was not loaded") as raised:
        run(sqlite, a_team, work)

    assert "selectinload(Hero.team)" in raised.value.hint
    assert 'await db.refresh(row, ["team"])' in raised.value.hint


def test_a_column_that_was_not_loaded_is_named(sqlite):
    async def work(db: AsyncSession) -> None:
        hero = await db.get_or_404(Hero, 1)
        hero.secret  # noqa: B018 - looks

    with pytest.raises(GambrelError, match=r"Hero\.secret is looked at"):
        run(sqlite, a_team, work)


def test_what_is_asked_for_is_loaded(url):
    async def work(db: AsyncSession) -> tuple[str, str]:
        options = [selectinload(Hero.team), undefer(Hero.secret)]
        hero = await db.get_or_404(Hero, 1, options=options)
        assert hero.team is not None
        return hero.team.name, hero.secret

    async def later(db: AsyncSession) -> tuple[str, str]:
        hero = await db.get_or_404(Hero, 1)
        await db.refresh(hero, ["team", "secret"])
        assert hero.team is not None
        return hero.team.name, hero.secret

    assert run(url, a_team, work) == run(url, later) == ("Z-Force", "")


@pytest.mark.parametrize("lazy_loads", [False, True])
def test_a_plain_session_loads_relations_by_itself_where_it_may(sqlite, lazy_loads):
    run(sqlite, a_team)
    database = make_database(sqlite, lazy_loads=lazy_loads)

    async def main() -> str:
        async with database.running():
            with database.plain_session(read_only=True) as db:
                hero = db.get_or_404(Hero, 1)
                if not lazy_loads:
                    with pytest.raises(GambrelError, match=r"Hero\.team was not loaded"):
                        hero.team  # noqa: B018 - looks
                    db.refresh(hero, ["team"])
                assert hero.team is not None
                team = db.one_or_404(select(Team).options(selectinload(Team.heroes)))
                assert team.heroes == [hero]
                return hero.team.name

    assert asyncio.run(main()) == "Z-Force"


class HeroWithTeam(Struct):
    name: str
    team: HeroRow


def test_an_answer_loads_nothing(sqlite):
    app = App(extensions=[make_database(sqlite)])

    @app.get("/heroes/{key}", returns=HeroWithTeam)
    async def show(key: int, db: AsyncSession) -> Hero:
        return await db.get_or_404(Hero, key)

    @app.get("/plain/heroes/{key}", returns=HeroWithTeam)
    def show_plain(key: int, db: SyncSession) -> Hero:
        return db.get_or_404(Hero, key)

    @app.get("/loaded/{key}", returns=HeroWithTeam)
    async def loaded(key: int, db: AsyncSession) -> Hero:
        return await db.get_or_404(Hero, key, options=[selectinload(Hero.team)])

    run(sqlite, a_team)
    with Client(app) as client:
        for path in ("/heroes/1", "/plain/heroes/1"):
            with pytest.raises(GambrelError, match=r"Hero\.team was not loaded"):
                client.get(path)
        assert client.get("/loaded/1").json()["team"] == {"id": 1, "name": "Z-Force"}


# When ------------------------------------------------------------------------------------------


def test_what_follows_a_commit_is_called_when_it_has_succeeded(url):
    told: list[str] = []

    async def tell(text: str) -> None:
        told.append(text)

    async def work(db: AsyncSession) -> None:
        await db.create(Hero, HeroCreate("Deadpond"))
        db.after_commit(tell, "kept")
        db.after_commit(lambda: 1 / 0)
        db.after_commit(told.append, "plain")
        assert told == []

    run(url, work)

    assert told == ["kept", "plain"]


def test_what_follows_a_commit_is_forgotten_with_its_savepoint(url):
    told: list[str] = []

    async def work(db: AsyncSession) -> None:
        db.after_commit(told.append, "outer")
        with suppress(ZeroDivisionError):
            async with db.begin_nested():
                async with db.begin_nested():
                    db.after_commit(told.append, "inner of undone")
                db.after_commit(told.append, "undone")
                1 / 0  # noqa: B018 - fails
        async with db.begin_nested():
            db.after_commit(told.append, "done")

    run(url, work)

    assert told == ["outer", "done"]


def test_what_follows_a_commit_is_forgotten_with_the_whole(sqlite):
    told: list[str] = []

    async def work(db: AsyncSession) -> None:
        await db.create(Hero, HeroCreate("Deadpond"))
        db.after_commit(told.append, "undone")
        1 / 0  # noqa: B018 - fails

    with pytest.raises(ZeroDivisionError):
        run(sqlite, work)

    assert told == []


@pytest.mark.parametrize("fails", [False, True])
def test_what_follows_a_commit_of_ones_own_is_called_in_any_case(url, fails):
    told: list[str] = []

    async def work(db: AsyncSession) -> None:
        await db.create(Hero, HeroCreate("Deadpond"))
        db.after_commit(told.append, "first")
        await db.commit()
        if fails:
            await db.create(Hero, HeroCreate("Undone"))
            db.after_commit(told.append, "second")
            1 / 0  # noqa: B018 - fails

    with suppress(ZeroDivisionError):
        run(url, work)

    assert told == ["first"]


def test_what_follows_a_commit_is_called_though_there_was_nothing_to_commit(sqlite):
    told: list[str] = []

    async def work(db: AsyncSession) -> None:
        db.after_commit(told.append, "done")

    run(sqlite, work)

    assert told == ["done"]


@pytest.mark.parametrize("fails", [False, True])
def test_what_follows_a_commit_in_a_thread_is_called_there(sqlite, fails):
    app = App(extensions=[make_database(sqlite)])
    told: list[bool] = []

    @app.post("/")
    def handler(db: SyncSession) -> None:
        db.create(Hero, HeroCreate("Deadpond"))
        db.after_commit(lambda: told.append(threading.current_thread() is threading.main_thread()))
        if fails:
            raise RuntimeError

    with Client(app, raise_server_errors=False) as client:
        client.post("/")

    assert told == ([] if fails else [False])


def test_a_savepoint_undoes_its_part(url):
    async def work(db: AsyncSession) -> list[str]:
        await db.create(Hero, HeroCreate("Kept"))
        with suppress(ZeroDivisionError):
            async with db.begin_nested():
                await db.create(Hero, HeroCreate("Undone"))
                1 / 0  # noqa: B018 - fails
        return list(await db.scalars(select(Hero.name)))

    async def after(db: AsyncSession) -> list[str]:
        return list(await db.scalars(select(Hero.name)))

    assert run(url, work) == ["Kept"]
    assert run(url, after) == ["Kept"]


def test_a_session_is_not_used_when_its_unit_of_work_is_over(url):
    kept: list[AsyncSession] = []

    async def keep(db: AsyncSession) -> None:
        await db.execute(select(Hero))
        kept.append(db)

    async def use(db: AsyncSession) -> None:
        await kept[0].execute(select(Hero))

    with pytest.raises(GambrelError, match="after its unit of work has ended"):
        run(url, keep, use)


def test_rows_are_streamed_into_an_answer(url):
    app = App(extensions=[make_database(url)])

    @app.get("/export")
    async def export(database: Database) -> AsyncIterator[HeroRow]:
        async with database.session(read_only=True) as db:
            wanted = select(Hero).order_by(Hero.id).execution_options(yield_per=100)
            async for hero in await db.stream_scalars(wanted):
                yield HeroRow(hero.id, hero.name)

    async def many(db: AsyncSession) -> None:
        await db.execute(insert(Hero), [{"name": f"hero {number}"} for number in range(1000)])

    run(url, many)
    with Client(app) as client:
        lines = client.get("/export").text.splitlines()

    assert len(lines) == 1000
    assert '"name":"hero 999"' in lines[-1]


def test_a_row_is_locked_until_the_commit(postgres):
    order: list[str] = []

    async def main() -> None:
        database = make_database(postgres)
        async with database.running():
            async with database.session() as db:
                await three(db)
            async with database.session() as first:
                await first.get_or_404(Hero, 1, with_for_update=True)
                waiting = asyncio.create_task(second(database))
                await asyncio.sleep(0.1)
                async with database.session() as third:
                    free = select(Hero.id).with_for_update(skip_locked=True).order_by(Hero.id)
                    assert list(await third.scalars(free)) == [2, 3]
                order.append("first")
            await waiting

    async def second(database: Database) -> None:
        async with database.session() as db:
            await db.get_or_404(Hero, 1, with_for_update=True)
            order.append("second")

    asyncio.run(main())

    assert order == ["first", "second"]


def test_a_count_sees_what_the_session_has_written(url):
    async def work(db: AsyncSession) -> int:
        await three(db)
        return await db.scalar(select(func.count(Hero.id))) or 0

    assert run(url, work) == 3
