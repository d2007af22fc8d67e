import asyncio

import pytest
from msgspec import Struct
from sqlalchemy import ForeignKeyConstraint, MetaData, func, select
from sqlalchemy.orm import Mapped, contains_eager, mapped_column, relationship

from gambrel import App, GambrelError
from gambrel.db import AsyncSession, Database, Model, Page, SoftDelete
from gambrel.testing import Client
from tests.db.shop import Hero, Team, make_database, run


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


def test_a_row_that_a_join_gives_several_times_is_one(url):
    async def teams(db: AsyncSession) -> None:
        made = [Team(name=f"team {number}") for number in range(4)]
        heroes = [Hero(name=f"{n}{one.name[-1]}", team=one) for one in made[:3] for n in "abc"]
        db.add_all([*made, *heroes])

    async def work(db: AsyncSession) -> list[tuple[list[str], int]]:
        joined = select(Team).join(Team.heroes)
        orders = [joined, joined.order_by(Hero.name.desc()), joined.order_by(Team.name.desc())]
        full = joined.options(contains_eager(Team.heroes)).where(Hero.name > "a1")
        pages = [await db.page(one, number, 2) for one in [*orders, full] for number in (1, 2)]
        assert [len(team.heroes) for page in pages[6:] for team in page.items] == [2, 2, 3]
        return [([team.name[-1] for team in page.items], page.total) for page in pages]

    assert run(url, teams, work) == [
        (["0", "1"], 3),
        (["2"], 3),
        (["2", "1"], 3),
        (["0"], 3),
        (["2", "1"], 3),
        (["0"], 3),
        (["0", "1"], 3),
        (["2"], 3),
    ]


def test_rows_with_a_key_of_two_columns_are_counted_once(url):
    async def main() -> list[list[int]]:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session() as db:
            db.add_all([Seat(row=row, number=1, tickets=[Ticket(), Ticket()]) for row in (1, 2, 3)])
            await db.flush()
            joined = select(Seat).join(Seat.tickets).order_by(Seat.row.desc())
            pages = [await db.page(joined, number, 2) for number in (1, 2)]
            return [[page.total, *(seat.row for seat in page.items)] for page in pages]

    assert asyncio.run(main()) == [[3, 3, 2], [3, 1]]


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Note(SoftDelete, Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class Seat(Base):
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tickets: Mapped[list["Ticket"]] = relationship()


class Ticket(Base):
    __table_args__ = (ForeignKeyConstraint(["row", "number"], ["seat.row", "seat.number"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    row: Mapped[int]
    number: Mapped[int]


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
