"""Models with a column of each type, keys in circles and to their own table, and rows of them."""

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Computed, ForeignKey, Identity, MetaData, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.types import JSON

from gambrel.db import NAMING, Database, JSONOf, Model
from gambrel.db.transfer.opening import address_of, connected, engine_of


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "dark blue"


class Address(Struct, frozen=True):
    street: str
    city: str
    no: int = 0
    """PostgreSQL keeps the shortest name first."""


class Everything(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    flag: Mapped[bool]
    octets: Mapped[bytes]
    day: Mapped[date]
    moment: Mapped[datetime]
    exact: Mapped[Decimal]
    number: Mapped[float]
    text: Mapped[str]
    noon: Mapped[time]
    pause: Mapped[timedelta]
    token: Mapped[UUID]
    colour: Mapped[Colour]
    anything: Mapped[Any] = mapped_column(JSON, nullable=True)
    address: Mapped[Address | None] = mapped_column(JSONOf(Address))
    missing: Mapped[str | None]
    doubled: Mapped[float] = mapped_column(Computed("number * 2", persisted=True))


class Node(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("node.id"))


class Department(Base):
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    head_id: Mapped[int | None] = mapped_column(ForeignKey("worker.id", use_alter=True))


class Worker(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    department_id: Mapped[int] = mapped_column(ForeignKey("department.id"))
    department: Mapped[Department] = relationship(foreign_keys=department_id)


ROWS = 1203
"""More than two batches."""


def everything(number: int) -> Everything:
    return Everything(
        id=number,
        flag=number % 2 == 0,
        octets=bytes(range(number % 256)),
        day=date(2026, 1, 31),
        moment=datetime(2026, 11, 28, 3, 4, 5, 678901, UTC),
        exact=Decimal(number) / 8,
        number=number / 3,
        text=f"'; DROP TABLE {number} -- Ünï\n\\",
        noon=time(12, 30, 15),
        pause=timedelta(days=1, seconds=5),
        token=UUID(int=number << 100 | 5),
        colour=Colour.BLUE,
        anything=[None, {"a": 1}, "x", 5][number % 4],
        address=Address("Ring", "Berlin", 5) if number % 2 else None,
    )


def made(url: str) -> Database:
    """Return a database with empty tables."""
    database = Database(url)
    engine = engine_of(address_of(database))
    Base.metadata.create_all(engine)
    return database


def filled(url: str) -> Database:
    """Return a database with rows in all tables."""
    database = made(url)
    engine = engine_of(address_of(database))
    with Session(engine) as session:
        session.add_all(map(everything, range(1, ROWS + 1)))
        session.add_all([Node(id=9, parent_id=9)])
        session.flush()
        session.add_all([Node(id=1, parent_id=9), Node(id=12, parent_id=1)])
        department = Department(name="one")
        session.add(department)
        session.flush()
        worker = Worker(department=department)
        session.add(worker)
        session.flush()
        department.head_id = worker.id
        session.commit()
    return database


def open_for(database: Database, *, writes: bool = False) -> Any:
    return connected(address_of(database), writes=writes)
