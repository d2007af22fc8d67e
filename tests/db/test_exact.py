import asyncio
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import MetaData, func, select, text, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import AsyncSession, Database, Exact, Model
from gambrel.testing import Client


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Line(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[Decimal]
    number: Mapped[int] = mapped_column(default=3)
    rate: Mapped[Decimal] = mapped_column(Exact(5, 2), default=Decimal("0.5"))
    share: Mapped[Decimal] = mapped_column(Exact(4, 4), default=Decimal(0))


def make_database(url: str) -> Database:
    return Database(url, create=True, metadata=Base.metadata)


def run(url: str, work: Any, *prices: str) -> Any:
    async def main() -> Any:
        async with make_database(url).running() as database, database.session() as db:
            db.add_all([Line(price=Decimal(price)) for price in prices])
            return await work(db)

    return asyncio.run(main())


def value_of(url: str, expression: Any, *prices: str) -> Any:
    async def work(db: AsyncSession) -> Any:
        return await db.scalar(select(expression))

    return run(url, work, *(prices or ["1.5"]))


@pytest.mark.parametrize("price", ["0.1", "-3.1415", "123456789012345.6789", "0"])
def test_a_number_is_exactly_that_number(url, price):
    assert value_of(url, Line.price, price) == Decimal(price)


EXPRESSIONS = [
    (Line.price * 2, "3"),
    (2 * Line.price, "3"),
    (Line.price * Line.number, "4.5"),
    (Line.number * Line.price, "4.5"),
    (Line.price * Decimal("1.19"), "1.785"),
    (Decimal("1.1") * Line.price, "1.65"),
    (Line.price * Line.rate, "0.75"),
    (Line.price / 4, "0.375"),
    (Line.price / Decimal("0.5"), "3"),
    (Line.price / Line.rate, "3"),
    (3 / Line.price, "2"),
    (Line.price + 1, "2.5"),
    (Line.price - Decimal("0.5"), "1"),
    (-Line.price, "-1.5"),
    (Line.price * 2 + Line.price, "4.5"),
    (10 * (Line.price / 4), "3.75"),
    ((Line.price + 1) * 2, "5"),
    (func.sum(Line.price * Line.number), "4.5"),
    (func.avg(Line.price), "1.5"),
    (func.abs(-Line.price), "1.5"),
    (func.max(Line.price), "1.5"),
    (func.coalesce(Line.price, Decimal(0)), "1.5"),
]


@pytest.mark.parametrize(("expression", "expected"), EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_what_is_computed_is_the_same_everywhere(url, expression, expected):
    assert value_of(url, expression) == Decimal(expected)


def test_numbers_are_summed_averaged_and_compared_exactly(url):
    async def work(db: AsyncSession) -> list[Any]:
        found = select(func.sum(Line.price), func.avg(Line.price))
        dear = select(func.count()).where(Line.price * Line.number > Decimal("0.3"))
        return [*(await db.execute(found)).one(), await db.scalar(dear)]

    expected = [Decimal("0.3"), Decimal("0.1"), 0]
    assert run(url, work, "0.1", "0.1", "0.1") == expected


def test_a_product_that_is_kept_is_a_number_of_its_places(url):
    async def work(db: AsyncSession) -> list[Any]:
        await db.execute(update(Line).values(price=Line.price * Decimal("1.1")))
        await db.execute(update(Line).values(price=Line.price / 3))
        found = await db.scalar(select(func.count()).where(Line.price == Decimal("0.5500")))
        return [await db.scalar(select(Line.price)), found]

    assert run(url, work, "1.5") == [Decimal("0.55"), 1]


def test_numbers_of_sqlite_are_whole_ones(sqlite):
    async def work(db: AsyncSession) -> str:
        await db.execute(update(Line).values(price=Line.price * Decimal("1.1")))
        return str(await db.scalar(text("SELECT typeof(price) || price FROM line")))

    assert run(sqlite, work, "1.5") == "integer16500"


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("price", "0.00001"),
        ("price", "1e30"),
        ("price", "NaN"),
        ("price", "-Infinity"),
        ("rate", "1000"),
        ("rate", "-1000.00"),
        ("share", "7.5"),
    ],
)
def test_a_number_that_does_not_fit_is_refused_and_not_told(url, name, number):
    async def work(db: AsyncSession) -> None:
        db.add(Line(**{"price": Decimal(1), name: Decimal(number)}))
        await db.flush()

    with pytest.raises(DataError, match=r"more than \d+ places") as raised:
        run(url, work)

    assert number not in str(raised.value)


@pytest.mark.parametrize(("name", "number"), [("rate", "999.99"), ("share", "-0.9999")])
def test_the_largest_number_that_fits_is_kept(url, name, number):
    async def work(db: AsyncSession) -> Decimal:
        db.add(Line(**{"price": Decimal(1), name: Decimal(number)}))
        return await db.scalar(select(getattr(Line, name))) or Decimal(0)

    assert run(url, work) == Decimal(number)


class LineCreate(Struct):
    price: Decimal


@pytest.mark.parametrize("price", ["0.00001", "1e30"])
def test_a_number_of_a_client_that_does_not_fit_is_not_valid(url, price):
    app = App(extensions=[make_database(url)])

    @app.post("/lines")
    async def create(sent: LineCreate, db: AsyncSession) -> int:
        return (await db.create(Line, sent)).id

    @app.get("/lines")
    async def count(price: Decimal, db: AsyncSession) -> int:
        return await db.scalar(select(func.count()).where(Line.price > price)) or 0

    with Client(app) as client:
        assert client.post("/lines", json={"price": price}).status_code == 422
        assert client.get("/lines", params={"price": price}).status_code == 422


def test_a_float_is_the_number_that_is_written_for_it(url):
    async def work(db: AsyncSession) -> Decimal:
        line = Line(price=1.1)
        db.add(line)
        await db.flush()
        await db.refresh(line)
        return line.price

    assert run(url, work) == Decimal("1.1")
