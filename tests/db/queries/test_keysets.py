import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Integer, MetaData, Select, String, func, select
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column

from gambrel import GambrelError
from gambrel.db import AsyncSession, Database, Model, uuid7
from gambrel.signing import BadSignature, Signer
from tests.db.shop import Hero, Team, run

KEY = "k" * 40


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Line(Base):
    order: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[Decimal]
    at: Mapped[datetime]
    token: Mapped[UUID]


async def seven(db: AsyncSession) -> None:
    db.add_all([Hero(name=f"hero {number}", age=30 + number % 3) for number in range(7)])


async def walk(db: AsyncSession, statement: Select[Any], size: int = 2) -> list[Any]:
    """Go through a statement, slice by slice."""
    found: list[Any] = []
    after = None
    while True:
        part = await db.slice(statement, size, after)
        found += part.items
        after = part.next
        if after is None:
            return found


ORDERS: list[Callable[[], Any]] = [
    lambda: select(Hero),
    lambda: select(Hero).order_by(Hero.id.desc()),
    lambda: select(Hero).order_by(Hero.age),
    lambda: select(Hero).order_by(Hero.age.desc()),
    lambda: select(Hero).order_by(Hero.age.desc(), Hero.name),
    lambda: select(Hero).order_by(Hero.age.asc(), Hero.name.desc()),
    lambda: select(Hero).where(Hero.age > 30).order_by(Hero.age, Hero.name),
]


@pytest.mark.parametrize("statement", ORDERS)
def test_slices_have_every_row_once_and_in_order(url, statement):
    async def work(db: AsyncSession) -> None:
        whole = list(await db.scalars(statement()))
        ages = [hero.age for hero in whole]

        found = await walk(db, statement())

        assert sorted(hero.id for hero in found) == sorted(hero.id for hero in whole)
        assert [hero.age for hero in found] == ages

    run(url, seven, work)


async def teams(db: AsyncSession) -> None:
    for number in range(5):
        heroes = [Hero(name=f"hero {number}{letter}", nickname="x") for letter in "abc"]
        db.add(Team(name=f"team {number}", heroes=heroes))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7])
def test_a_row_that_a_join_gives_several_times_is_there_once_and_loses_no_other(url, size):
    async def work(db: AsyncSession) -> None:
        joined = select(Team).join(Team.heroes).where(Hero.nickname == "x").order_by(Team.name)
        eager = select(Team).options(joinedload(Team.heroes)).order_by(Team.name.desc())

        assert [team.name[-1] for team in await walk(db, joined, size)] == list("01234")
        assert [team.name[-1] for team in await walk(db, eager, size)] == list("43210")

    run(url, teams, work)


def test_the_last_slice_has_no_cursor_however_often_a_row_was_read(sqlite):
    async def work(db: AsyncSession) -> list[Any]:
        joined = select(Team).join(Team.heroes).order_by(Team.name)
        eager = select(Team).options(joinedload(Team.heroes))
        return [(await db.slice(one, size)).next for one, size in ((joined, 14), (eager, 5))]

    assert run(sqlite, teams, work) == [None, None]


def test_an_order_by_an_alias_is_one_of_its_own(url):
    async def work(db: AsyncSession) -> list[str]:
        other = aliased(Hero)
        found = await walk(db, select(other).order_by(other.age.desc(), other.name))
        return [hero.name[-1] for hero in found]

    assert run(url, seven, work) == list("2514036")


def test_a_column_may_have_another_name_in_the_table(url):
    class Named(Model):
        __abstract__ = True
        metadata = MetaData()

    columns = {
        "id": mapped_column("key", Integer, primary_key=True),
        "name": mapped_column("called", String(20), nullable=False),
    }
    kind: Any = type("Thing", (Named,), columns)

    async def work() -> list[str]:
        database = Database(url, create=True, metadata=Named.metadata)
        async with database.running(), database.session() as db:
            db.add_all([kind(name=letter) for letter in "cab"])
            await db.flush()
            return [one.name for one in await walk(db, select(kind).order_by(kind.name))]

    assert asyncio.run(work()) == list("abc")


def test_a_row_that_is_written_meanwhile_moves_no_other(url):
    async def work(db: AsyncSession) -> list[str]:
        first = await db.slice(select(Hero).order_by(Hero.name), 3)
        db.add(Hero(name="a hero before"))
        second = await db.slice(select(Hero).order_by(Hero.name), 3, first.next)
        return [hero.name[-1] for hero in (*first.items, *second.items)]

    assert run(url, seven, work) == list("012345")


def test_keys_of_several_columns_and_exact_types_are_kept_in_cursors(url):
    database = Database(url, create=True, metadata=Base.metadata)
    moment = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
    lines = [
        Line(order=n % 2, number=n, price=Decimal(n) / 4, at=moment + timedelta(n), token=uuid7())
        for n in range(7)
    ]

    async def work() -> None:
        async with database.running():
            async with database.session() as db:
                db.add_all(lines)
            async with database.session(read_only=True) as db:
                for order in (Line.price, Line.at.desc(), Line.token, Line.order):
                    found = await walk(db, select(Line).order_by(order), 3)
                    assert len({(line.order, line.number) for line in found}) == 7
                by_price = await walk(db, select(Line).order_by(Line.price.desc()))
                assert [line.number for line in by_price] == [6, 5, 4, 3, 2, 1, 0]

    asyncio.run(work())


FORGED = [
    "nonsense",
    "W10.1.x",
    Signer("other" * 10, "db.cursor:name,id").dumps(["a", 1]),
    "' OR 1=1 --",
]


@pytest.mark.parametrize("cursor", FORGED, ids=range(len(FORGED)))
def test_a_cursor_that_we_have_not_made_is_refused(sqlite, cursor):
    async def work(db: AsyncSession) -> None:
        await db.slice(select(Hero).order_by(Hero.name), 2, cursor)

    with pytest.raises(BadSignature):
        run(sqlite, work)


def test_a_cursor_is_for_its_own_order(sqlite):
    async def work(db: AsyncSession) -> None:
        first = await db.slice(select(Hero).order_by(Hero.name), 2)
        await db.slice(select(Hero).order_by(Hero.name.desc()), 2, first.next)

    with pytest.raises(BadSignature):
        run(sqlite, seven, work)


@pytest.mark.parametrize("values", [["a"], ["a", "no number"], ["a", 1, 2]])
def test_a_cursor_of_another_shape_is_refused(sqlite, values):
    async def work(db: AsyncSession) -> None:
        cursor = db.sync_session.signer("cursor:name,id").dumps(values)
        await db.slice(select(Hero).order_by(Hero.name), 2, cursor)

    with pytest.raises(BadSignature):
        run(sqlite, work)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (Hero.nickname, r"Hero\.nickname, which may be null"),
        (func.lower(Hero.name), "is no column of Hero"),
        (Team.name, r"by team\.name, which is no column of Hero"),
        (aliased(Hero).name, "is no column of Hero"),
    ],
)
def test_an_order_that_could_lose_rows_is_refused(sqlite, order, message):
    async def work(db: AsyncSession) -> None:
        await db.slice(select(Hero).order_by(order))

    with pytest.raises(GambrelError, match=message):
        run(sqlite, work)
