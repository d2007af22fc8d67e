import enum
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import MetaData, func, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import GambrelError
from gambrel.db import AsyncSession, Exact, JSONOf, Model
from tests.db import running


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Address(Struct, frozen=True):
    street: str
    since: datetime
    tags: tuple[str, ...] = ()


class Thing(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime | None]
    price: Mapped[Decimal | None]
    fine: Mapped[Decimal | None] = mapped_column(Exact(12, 8))
    colour: Mapped[Colour | None]
    size: Mapped[Size | None]
    address: Mapped[Address | None] = mapped_column(JSONOf(Address))
    numbers: Mapped[dict[int, str] | None] = mapped_column(JSONOf(dict[int, str]))
    addresses: Mapped[list[Address] | None] = mapped_column(JSONOf(list[Address]))


def run(url: str, *works: Any) -> Any:
    return running.run(Base, url, *works)


def kept(url: str, **values: Any) -> Thing:
    async def put(db: AsyncSession) -> None:
        db.add(Thing(**values))

    async def get(db: AsyncSession) -> Thing:
        return await db.get_or_404(Thing, 1)

    return run(url, put, get)


MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


def test_a_moment_is_the_same_moment_in_utc(url):
    found = kept(url, at=MOMENT).at

    assert found == MOMENT
    assert found is not None
    assert found.tzinfo is UTC


def test_a_moment_without_an_offset_is_refused(sqlite):
    with pytest.raises(StatementError, match="has no offset"):
        kept(sqlite, at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_numbers_are_summed_and_sorted_exactly(url):
    async def put(db: AsyncSession) -> None:
        db.add_all([Thing(price=Decimal("0.1"), fine=Decimal("0.00000001")) for _ in range(10)])
        db.add(Thing(price=Decimal(10)))

    async def get(db: AsyncSession) -> list[Any]:
        total = await db.scalar(select(func.sum(Thing.price)))
        fine = await db.scalar(select(func.sum(Thing.fine)))
        most = await db.scalar(select(Thing.price).order_by(Thing.price.desc()).limit(1))
        more = await db.scalar(select(func.count()).where(Thing.price > Decimal("0.1")))
        return [total, fine, most, more]

    assert run(url, put, get) == [Decimal(11), Decimal("0.0000001"), Decimal(10), 1]


def test_a_choice_is_kept_by_its_value_or_its_name(url):
    thing = kept(url, colour=Colour.RED, size=Size.LARGE)

    async def raw(db: AsyncSession) -> tuple[str, str]:
        row = (await db.execute(text("SELECT colour, size FROM thing"))).one()
        return row[0], row[1]

    assert (thing.colour, thing.size) == (Colour.RED, Size.LARGE)
    assert run(url, raw) == ("red", "LARGE")


def test_json_is_of_its_type(url):
    address = Address("Main St", MOMENT.astimezone(UTC), ("a", "b"))

    thing = kept(url, address=address, addresses=[address, address])

    assert thing.address == address
    assert thing.addresses == [address, address]


def test_json_has_keys_of_their_type(url):
    assert kept(url, numbers={1: "one", 2: "two"}).numbers == {1: "one", 2: "two"}


def test_nothing_is_nothing(url):
    thing = kept(url)

    assert [thing.at, thing.price, thing.colour, thing.address] == [None] * 4


def test_json_can_be_asked_for_parts(url):
    async def put(db: AsyncSession) -> None:
        db.add(Thing(address=Address("Main St", MOMENT)))
        db.add(Thing(address=Address("Side St", MOMENT)))

    async def get(db: AsyncSession) -> list[int]:
        street = Thing.address["street"].as_string()
        return list(await db.scalars(select(Thing.id).where(street == "Side St")))

    assert run(url, put, get) == [2]


def test_json_that_is_no_longer_of_its_type_is_told(sqlite):
    async def put(db: AsyncSession) -> None:
        await db.execute(text("INSERT INTO thing (address) VALUES ('{\"street\": 3}')"))

    async def get(db: AsyncSession) -> Thing:
        return await db.get_or_404(Thing, 1)

    with pytest.raises(GambrelError, match=r"JSON in the database is no .*Address"):
        run(sqlite, put, get)
