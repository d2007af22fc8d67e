import asyncio
from typing import Annotated, Any

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import MetaData, String, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import Conflict, GambrelError
from gambrel.db import (
    AsyncSession,
    Authored,
    Database,
    Model,
    SoftDelete,
    Timestamps,
    Versioned,
    etag_of,
)
from tests.db import running
from tests.db.shop import Hero, make_database, run


class HeroSent(Struct):
    name: str
    age: int
    nickname: str | UnsetType | None = UNSET


def test_a_row_is_inserted_and_then_changed(url):
    async def work(db: AsyncSession) -> tuple[int, int, int, int]:
        first = await db.upsert(Hero, {"name": "Deadpond", "age": 30}, on=[Hero.name])
        before = first.age
        second = await db.upsert(Hero, {"name": "Deadpond", "age": 31}, on=["name"])
        return first.id, before, second.id, second.age

    first, before, second, after = run(url, work)

    assert first == second
    assert (before, after) == (30, 31)


def test_a_struct_has_the_values_as_well_but_for_what_is_unset(url):
    async def work(db: AsyncSession) -> tuple[int, int, str | None]:
        await db.upsert(Hero, {"name": "Deadpond", "age": 30, "nickname": "a"}, on=[Hero.name])
        sent = HeroSent(name="Deadpond", age=31)
        hero = await db.upsert(Hero, sent, on=[Hero.name])
        return await db.scalar(select(func.count(Hero.id))) or 0, hero.age, hero.nickname

    assert run(url, work) == (1, 31, "a")


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


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Article(Timestamps, SoftDelete, Versioned, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column("address", String(50), unique=True)
    code: Mapped[str | None] = mapped_column(String(50), unique=True)
    title: Mapped[str] = mapped_column(default="")


def run_articles(url: str, work: Any) -> Any:
    async def main() -> Any:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session() as db:
            return await work(db)

    return asyncio.run(main())


def test_a_change_is_one_of_the_version_and_of_the_moment(url):
    async def work(db: AsyncSession) -> None:
        first = await db.upsert(Article, {"slug": "a"}, on=[Article.slug])
        seen, moment = etag_of(first), first.updated_at
        await asyncio.sleep(0.01)
        second = await db.upsert(Article, {"slug": "a", "title": "New"}, on=[Article.slug])

        assert (str(seen), str(etag_of(second))) == ('"1"', '"2"')
        assert second.updated_at > moment
        assert second.created_at < second.updated_at

        same = await db.upsert(Article, {"slug": "a", "title": "Other"}, on=["slug"], update=())
        assert (same.title, same.version) == ("New", 2)

    run_articles(url, work)


def test_a_row_that_is_deleted_softly_is_changed_and_returned(url):
    async def work(db: AsyncSession) -> None:
        first = await db.upsert(Article, {"slug": "a"}, on=[Article.slug])
        await db.delete(first)
        again = {"slug": "a", "title": "Again", "deleted_at": None}
        second = await db.upsert(Article, again, on=[Article.slug])

        assert (second.id, second.title, second.deleted_at) == (first.id, "Again", None)

    run_articles(url, work)


@pytest.mark.parametrize("values", [{"title": "x"}, {"slug": None}])
def test_a_row_is_known_by_a_value(sqlite, values):
    async def work(db: AsyncSession) -> None:
        await db.upsert(Article, values, on=[Article.slug])

    with pytest.raises(GambrelError, match="no value for 'slug'"):
        run_articles(sqlite, work)


def test_another_row_that_has_a_unique_value_already_is_not_changed_for_it(url):
    async def put(db: AsyncSession) -> None:
        await db.upsert(Article, {"slug": "a", "code": "1", "title": "A"}, on=[Article.slug])

    async def clash(db: AsyncSession) -> None:
        await db.upsert(Article, {"slug": "b", "code": "1", "title": "B"}, on=[Article.slug])

    async def titles(db: AsyncSession) -> list[str]:
        return list(await db.scalars(select(Article.title)))

    run_articles(url, put)
    with pytest.raises((Conflict, IntegrityError)):
        run_articles(url, clash)

    assert run_articles(url, titles) == ["A"]


class Note(Authored, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Annotated[str, Meta(min_length=2)]] = mapped_column(unique=True)
    text: Mapped[str | None]


def test_who_has_written_is_said_of_it(url):
    async def by(db: AsyncSession, who: str, **values: Any) -> Note:
        db.actor = who
        return await db.upsert(Note, {"name": "note", **values}, on=["name"])

    async def work(db: AsyncSession) -> list[Any]:
        first = await by(db, "ann")
        found = [first.created_by, first.updated_by]
        second = await by(db, "bob", text="changed")
        return [*found, second.created_by, second.updated_by]

    assert running.run(Base, url, work) == ["ann", "ann", "ann", "bob"]


def test_rules_of_columns_are_kept(sqlite):
    async def work(db: AsyncSession) -> None:
        await db.upsert(Note, {"name": "x"}, on=["name"])

    with pytest.raises(GambrelError, match="at least 2 characters"):
        running.run(Base, sqlite, work)
