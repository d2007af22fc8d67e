"""Further types of columns, each on every database."""

from datetime import date, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import Integer, MetaData, String, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Mapped, composite, mapped_column

from gambrel.db import AsyncSession, JSONOf, Model, TextOf
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Money(Struct, frozen=True):
    amount: Decimal | None
    currency: str | None

    def __composite_values__(self) -> tuple[Any, ...]:
        return self.amount, self.currency


class Version:
    def __init__(self, text: str) -> None:
        self.parts = tuple(int(part) for part in text.split("."))

    def __str__(self) -> str:
        return ".".join(map(str, self.parts))

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    __hash__ = None  # type: ignore[assignment]


class Thing(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date | None]
    at: Mapped[time | None]
    took: Mapped[timedelta | None]
    raw: Mapped[bytes | None]
    share: Mapped[float | None]
    ip: Mapped[IPv4Address | None] = mapped_column(TextOf(IPv4Address))
    any_ip: Mapped[IPv4Address | IPv6Address | None] = mapped_column(TextOf(ip_address))
    version: Mapped[Version | None] = mapped_column(TextOf(Version))
    tags: Mapped[list[str] | None] = mapped_column(JSONOf(list[str]))
    sizes: Mapped[dict[str, int] | None] = mapped_column(JSONOf(dict[str, int]))
    amount: Mapped[Decimal | None]
    currency: Mapped[str | None]
    price: Mapped[Money] = composite("amount", "currency")


class OnlyPostgres(Model):
    __abstract__ = True
    metadata = MetaData()


class Booking(OnlyPostgres):
    id: Mapped[int] = mapped_column(primary_key=True)
    seats: Mapped[list[int]] = mapped_column(postgresql.ARRAY(Integer))
    ages: Mapped[postgresql.Range[int]] = mapped_column(postgresql.INT4RANGE)
    notes: Mapped[list[str]] = mapped_column(postgresql.ARRAY(String))
    address: Mapped[str] = mapped_column(postgresql.INET)


VALUES = [
    ("day", date(2026, 2, 28)),
    ("at", time(23, 59, 58)),
    ("took", timedelta(days=3, hours=4, seconds=5)),
    ("raw", b"\x00\xff'"),
    ("share", 0.25),
    ("ip", IPv4Address("192.0.2.1")),
    ("any_ip", ip_address("2001:db8::1")),
    ("version", Version("1.20.3")),
    ("tags", ["a", "b"]),
    ("sizes", {"S": 1, "L": 2}),
]


@pytest.mark.parametrize(("name", "value"), VALUES, ids=[name for name, _ in VALUES])
def test_a_value_is_the_same_again(url, name, value):
    async def put(db: AsyncSession) -> None:
        db.add(Thing(**{name: value}))

    async def get(db: AsyncSession) -> Any:
        found = getattr(await db.get_or_404(Thing, 1), name)
        return found, await db.scalar(select(func.count()).where(getattr(Thing, name).is_(None)))

    assert run(Base, url, put, get) == (value, 0)


def test_what_is_kept_as_text_is_found_by_its_value_and_refused_where_it_is_none(sqlite):
    async def put(db: AsyncSession) -> None:
        db.add(Thing(ip=IPv4Address("192.0.2.1")))

    async def find(db: AsyncSession) -> Any:
        wanted = select(func.count()).where(Thing.ip == IPv4Address("192.0.2.1"))
        return await db.scalar(wanted)

    async def spoil(db: AsyncSession) -> None:
        db.add(Thing(ip="no address"))

    assert run(Base, sqlite, put, find) == 1
    with pytest.raises(StatementError, match="no address"):
        run(Base, sqlite, spoil)


def test_two_columns_are_one_value(url):
    async def put(db: AsyncSession) -> None:
        db.add(Thing(price=Money(Decimal("9.99"), "EUR")))

    async def find(db: AsyncSession) -> Any:
        dear = Thing.price == Money(Decimal("9.99"), "EUR")
        found = await db.one_or_404(select(Thing).where(dear))
        return found.price, found.amount

    assert run(Base, url, put, find) == (Money(Decimal("9.99"), "EUR"), Decimal("9.99"))


def test_what_only_postgres_has_is_there_as_well(postgres):
    async def put(db: AsyncSession) -> None:
        ages = postgresql.Range(6, 99)
        db.add(Booking(seats=[1, 2, 3], ages=ages, notes=["a"], address="192.0.2.0/24"))

    async def find(db: AsyncSession) -> Any:
        wanted = select(Booking).where(Booking.seats.contains([2]), Booking.ages.contains(6))
        found = await db.one_or_404(wanted)
        return found.seats, found.ages.upper, found.notes, str(found.address)

    assert run(OnlyPostgres, postgres, put, find) == ([1, 2, 3], 99, ["a"], "192.0.2.0/24")
