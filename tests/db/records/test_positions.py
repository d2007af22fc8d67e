import asyncio
from typing import Any

import pytest
from sqlalchemy import ForeignKey, MetaData, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel import GambrelError
from gambrel.db import AsyncSession, Database, Model, Positioned, place
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Track(Positioned, Base):
    __positions_within__ = ("album",)

    id: Mapped[int] = mapped_column(primary_key=True)
    album: Mapped[int]
    name: Mapped[str]


class Shelf(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class Book(Positioned, Base):
    __positions_within__ = ("shelf_id",)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))
    shelf: Mapped[Shelf] = relationship()


async def put(db: AsyncSession) -> None:
    for name in "abc":
        db.add(Track(album=1, name=name))
    db.add(Track(album=2, name="x"))


async def named(db: AsyncSession, name: str) -> Track:
    return await db.one_or_404(select(Track).where(Track.name == name))


async def order(db: AsyncSession) -> str:
    statement = select(Track.name).where(Track.album == 1).order_by(Track.position)
    return "".join(await db.scalars(statement))


def moved(name: str, after: str | None) -> Any:
    async def work(db: AsyncSession) -> str:
        other = None if after is None else await named(db, after)
        await db.run_sync(place, await named(db, name), after=other)
        return await order(db)

    return work


def test_new_rows_are_the_last(url):
    async def more(db: AsyncSession) -> None:
        db.add(Track(album=1, name="d"))

    assert run(Base, url, put, order) == "abc"
    assert run(Base, url, more, order) == "abcd"


@pytest.mark.parametrize(
    ("name", "after", "wanted"),
    [
        ("c", None, "cab"),
        ("a", "b", "bac"),
        ("a", "c", "bca"),
        ("b", "a", "abc"),
        ("c", "a", "acb"),
    ],
)
def test_a_row_is_put_where_it_is_wanted(url, name, after, wanted):
    assert run(Base, url, put, moved(name, after)) == wanted


def test_a_new_row_is_put_in_the_middle(sqlite):
    async def insert(db: AsyncSession) -> str:
        await db.run_sync(place, Track(album=1, name="n"), after=await named(db, "a"))
        return await order(db)

    assert run(Base, sqlite, put, insert) == "anbc"


def test_there_is_always_room(sqlite):
    async def many(db: AsyncSession) -> str:
        first = await named(db, "a")
        for number in range(40):
            await db.run_sync(place, Track(album=1, name=chr(200 + number)), after=first)
        return await order(db)

    assert run(Base, sqlite, put, many) == "a" + "".join(chr(240 - n) for n in range(1, 41)) + "bc"


def test_each_group_has_an_order_of_its_own(sqlite):
    async def look(db: AsyncSession) -> int:
        return (await named(db, "x")).position

    assert run(Base, sqlite, put, look) == 0
    with pytest.raises(GambrelError, match="of another order"):
        run(Base, sqlite, moved("a", "x"))


def test_a_relation_says_as_well_within_what_a_row_is(url):
    async def books(db: AsyncSession) -> None:
        shelf, other = Shelf(id=1), Shelf(id=2)
        db.add_all([Book(name="x", shelf=other), Book(name="a", shelf=shelf)])
        await db.flush()
        db.add_all([Book(name="y", shelf=other), Book(name="b", shelf=shelf)])
        await db.flush()
        await db.run_sync(place, Book(name="c", shelf=shelf))

    async def look(db: AsyncSession) -> list[str]:
        statement = select(Book).order_by(Book.shelf_id, Book.position)
        found = list(await db.scalars(statement))
        assert len({(one.shelf_id, one.position) for one in found}) == len(found)
        return [one.name for one in found]

    assert run(Base, url, books, look) == ["c", "a", "b", "x", "y"]


def test_what_was_not_written_yet_is_kept_where_room_is_made(sqlite):
    async def rename(db: AsyncSession) -> str:
        for number, name in enumerate("abc"):
            (await named(db, name)).position = number
        await db.flush()
        first, second = await named(db, "a"), await named(db, "b")
        first.name = "A"
        await db.run_sync(place, Track(album=1, name="n"), after=second)
        return await order(db)

    assert run(Base, sqlite, put, rename) == "Abnc"


def test_behind_a_row_that_is_new_itself(sqlite):
    async def both(db: AsyncSession) -> str:
        first = Track(album=1, name="d")
        db.add(first)
        await db.run_sync(place, Track(album=1, name="e"), after=first)
        return await order(db)

    assert run(Base, sqlite, put, both) == "abcde"


async def is_waiting(database: Database) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = "
    async with database.session() as db:
        return bool(await db.scalar(text(f"{waiting} current_database()")))


@pytest.mark.service("postgres")
def test_two_that_are_put_first_at_once_are_not_in_the_same_place(postgres):
    async def main() -> int:
        database = Database(postgres, create=True, metadata=Base.metadata)
        async with database.running():
            async with database.session() as db:
                await put(db)

            async def second() -> None:
                async with database.session() as db:
                    await db.run_sync(place, Track(album=1, name="2"))

            async with database.session() as db:
                await db.run_sync(place, Track(album=1, name="1"))
                late = asyncio.create_task(second())
                for _ in range(500):
                    if await is_waiting(database):
                        break
                    await asyncio.sleep(0.01)
            await late
            async with database.session() as db:
                positions = select(Track.position).where(Track.album == 1)
                return len(set(await db.scalars(positions)))

    assert asyncio.run(main()) == 5
