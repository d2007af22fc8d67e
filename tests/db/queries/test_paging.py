import asyncio

import pytest
from msgspec import Struct
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, GambrelError
from gambrel.db import AsyncSession, Database, Model, Page, SoftDelete
from gambrel.testing import Client
from tests.db.shop import Hero, make_database, run


async def seven(db: AsyncSession) -> None:
    db.add_all([Hero(name=f"hero {number}", age=30 + number % 2) for number in range(7)])


def names(page: Page[Hero]) -> list[str]:
    return [hero.name[-1] for hero in page.items]


def test_a_page_has_its_rows_and_the_number_of_all(url):
    async def work(db: AsyncSession) -> Page[Hero]:
        return await db.page(select(Hero).order_by(Hero.name.desc()), 2, 3)

    page = run(url, seven, work)

    assert names(page) == ["3", "2", "1"]
    assert (page.total, page.pages, page.has_next) == (7, 3, True)


def test_rows_that_are_equal_by_the_order_are_on_one_page_each(url):
    async def work(db: AsyncSession) -> list[str]:
        by_age = select(Hero).order_by(Hero.age)
        pages = [await db.page(by_age, number, 2) for number in range(1, 5)]
        return [name for page in pages for name in names(page)]

    assert run(url, seven, work) == ["0", "2", "4", "6", "1", "3", "5"]


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Note(SoftDelete, Base):
    id: Mapped[int] = mapped_column(primary_key=True)


def test_rows_that_are_deleted_softly_are_counted_if_they_are_shown(url):
    async def main() -> list[int]:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session() as db:
            db.add_all([Note(), gone := Note()])
            await db.flush()
            await db.delete(gone)
            await db.flush()
            everything = select(Note).execution_options(include_deleted=True)
            pages = [await db.page(select(Note)), await db.page(everything)]
            return [number for page in pages for number in (len(page.items), page.total)]

    assert asyncio.run(main()) == [1, 1, 2, 2]


@pytest.mark.parametrize("number", [4, 10**30])
def test_a_page_beyond_the_last_is_empty(url, number):
    async def work(db: AsyncSession) -> Page[Hero]:
        return await db.page(select(Hero), number, 3)

    page = run(url, seven, work)

    assert (page.items, page.total, page.has_next) == ([], 7, False)


@pytest.mark.parametrize(("number", "size"), [(0, 3), (-1, 3), (1, 3)])
def test_the_first_page_is_1(sqlite, number, size):
    async def work(db: AsyncSession) -> Page[Hero]:
        return await db.page(select(Hero), number, size)

    assert names(run(sqlite, seven, work)) == ["0", "1", "2"]


def test_a_page_has_no_more_rows_than_is_wise(sqlite):
    async def work(db: AsyncSession) -> int:
        return (await db.page(select(Hero), 1, 10**9)).size

    assert run(sqlite, work) == 1000


def test_pages_are_of_the_rows_of_one_model(sqlite):
    async def work(db: AsyncSession) -> None:
        await db.page(select(func.count(Hero.id)))

    with pytest.raises(GambrelError, match="selects something else"):
        run(sqlite, work)


class HeroPublic(Struct):
    name: str


def test_a_page_is_answered_as_a_page_of_what_is_public(sqlite):
    app = App(extensions=[make_database(sqlite)])

    @app.get("/heroes", returns=Page[HeroPublic])
    async def index(db: AsyncSession, page: int = 1) -> Page[Hero]:
        return await db.page(select(Hero), page, 2)

    run(sqlite, seven)
    with Client(app) as client:
        answer = client.get("/heroes?page=2").json()

    items = [{"name": "hero 2"}, {"name": "hero 3"}]
    assert answer == {"items": items, "page": 2, "size": 2, "total": 7}
