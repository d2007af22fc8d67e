from typing import Any

import pytest
from sqlalchemy import MetaData, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import GambrelError
from gambrel.db import AsyncSession, Model, Positioned, place
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Track(Positioned, Base):
    __positions_within__ = ("album",)

    id: Mapped[int] = mapped_column(primary_key=True)
    album: Mapped[int]
    name: Mapped[str]


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
