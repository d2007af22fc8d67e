"""What of SQLAlchemy a model may have, as it is here on every database."""

from datetime import datetime
from typing import Any, Self

import pytest
from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Select,
    UniqueConstraint,
    event,
    func,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship, validates

from gambrel.db import NAMING, AsyncSession, Model
from tests.db import running


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Order(Base):
    country: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    lines: Mapped[list["Line"]] = relationship(back_populates="order", passive_deletes=True)


class Line(Base):
    __table_args__ = (
        ForeignKeyConstraint(
            ["country", "number"], ["order.country", "order.number"], ondelete="CASCADE"
        ),
        CheckConstraint("pieces > 0", "pieces_are_positive"),
        UniqueConstraint("country", "number", "sku"),
        Index(None, "sku", "pieces"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    country: Mapped[str]
    number: Mapped[int]
    sku: Mapped[str]
    pieces: Mapped[int] = mapped_column(server_default="1")
    price: Mapped[int]
    total: Mapped[int] = mapped_column(Computed("pieces * price", persisted=True))
    made: Mapped[datetime] = mapped_column(server_default=func.now())
    order: Mapped[Order] = relationship(back_populates="lines")

    @hybrid_property
    def is_dear(self) -> bool:
        return self.price > 100

    @validates("sku")
    def upper(self, _name: str, value: str) -> str:
        if " " in value:
            raise ValueError("a SKU has no blanks")
        return value.upper()

    @classmethod
    def of_order(cls, country: str, number: int) -> Select[Self]:
        return select(cls).where(cls.country == country, cls.number == number)


class Mail(Base):
    __table_args__ = (
        Index(
            "uq_mail_address_kept",
            func.lower(text("address")),
            unique=True,
            sqlite_where=text("is_gone = 0"),
            postgresql_where=text("NOT is_gone"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    is_gone: Mapped[bool] = mapped_column(default=False)


def run(url: str, *works: Any, metadata: MetaData = Base.metadata) -> Any:
    return running.run_on(metadata, url, *works)


async def put(db: AsyncSession) -> None:
    order = Order(country="de", number=1)
    db.add(order)
    db.add_all([Line(order=order, sku="a1", price=70), Line(order=order, sku="b2", price=200)])


def without_mail(url: str) -> MetaData:
    """Return the tables that a database can have: MariaDB has no index of an expression."""
    if not url.startswith("mariadb"):
        return Base.metadata
    kept = MetaData(naming_convention=NAMING)
    for name in ("order", "line"):
        Base.metadata.tables[name].to_metadata(kept)
    return kept


def test_what_the_database_computes_is_there_with_the_row(url):
    async def change(db: AsyncSession) -> Any:
        line = await db.one_or_404(select(Line).where(Line.sku == "A1"))
        line.pieces = 3
        await db.flush()
        return line.total, line.made.tzinfo is not None

    async def fresh(db: AsyncSession) -> Any:
        line = Line(country="de", number=1, sku="c3", price=5)
        db.add(line)
        await db.flush()
        return line.pieces, line.total, isinstance(line.made, datetime)

    metadata = without_mail(url)
    assert run(url, put, change, metadata=metadata) == (210, True)
    assert run(url, fresh, metadata=metadata) == (1, 5, True)


def test_rows_with_keys_of_several_columns_are_found_and_lead_to_each_other(url):
    async def look(db: AsyncSession) -> Any:
        order = await db.get_or_404(Order, ("de", 1))
        same = await db.get_or_404(Order, {"number": 1, "country": "de"})
        await db.refresh(order, ["lines"])
        page = await db.page(Line.of_order("de", 1).order_by(Line.price.desc()))
        await db.upsert(Order, {"country": "fr", "number": 9}, on=["country", "number"])
        await db.upsert(Order, {"country": "fr", "number": 9}, on=["country", "number"])
        orders = await db.slice(select(Order).order_by(Order.country), size=1)
        rest = await db.slice(select(Order).order_by(Order.country), 1, orders.next)
        found = [one.number for one in [*orders.items, *rest.items]]
        return same is order, len(order.lines), [one.sku for one in page.items], found

    found = run(url, put, look, metadata=without_mail(url))
    assert found == (True, 2, ["B2", "A1"], [1, 9])


def test_the_database_deletes_what_is_below(url):
    async def remove(db: AsyncSession) -> Any:
        await db.delete(await db.get_or_404(Order, ("de", 1)))
        await db.flush()
        return await db.scalar(select(func.count(Line.id)))

    assert run(url, put, remove, metadata=without_mail(url)) == 0


@pytest.mark.parametrize(
    "values", [{"pieces": 0, "sku": "new"}, {"pieces": 1, "sku": "A1"}], ids=["check", "unique"]
)
def test_the_database_holds_what_the_model_says(url, values):
    async def spoil(db: AsyncSession) -> None:
        await db.execute(update(Line).where(Line.sku == "B2").values(**values))

    with pytest.raises(DBAPIError):
        run(url, put, spoil, metadata=without_mail(url))


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_index_may_be_of_an_expression_and_of_some_rows(request, kind):
    url = request.getfixturevalue(kind)

    async def again(db: AsyncSession) -> None:
        db.add_all([Mail(address="A@x", is_gone=True), Mail(address="a@X")])

    async def twice(db: AsyncSession) -> None:
        db.add(Mail(address="A@X"))

    run(url, again)
    with pytest.raises(IntegrityError):
        run(url, twice)


def test_postgres_excludes_what_overlaps_and_waits_with_its_checks(postgres):
    class Late(Model):
        __abstract__ = True
        metadata = MetaData()

    class Stay(Late):
        __table_args__ = (
            postgresql.ExcludeConstraint(("days", "&&")),
            UniqueConstraint("seat", deferrable=True, initially="DEFERRED"),
            Index("ix_stay_tags", "tags", postgresql_using="gin"),
            Index("ix_stay_seat", "seat", postgresql_include=["id"]),
        )

        id: Mapped[int] = mapped_column(primary_key=True)
        days: Mapped[Any] = mapped_column(postgresql.INT4RANGE)
        seat: Mapped[int]
        tags: Mapped[list[str]] = mapped_column(postgresql.ARRAY(postgresql.TEXT), default=list)

    async def two(db: AsyncSession) -> None:
        db.add_all([Stay(days=postgresql.Range(n, n + 2), seat=n) for n in (1, 3)])

    async def swap(db: AsyncSession) -> Any:
        await db.execute(update(Stay).values(seat=4 - Stay.seat))
        return sorted(await db.scalars(select(Stay.seat)))

    async def overlap(db: AsyncSession) -> None:
        db.add(Stay(days=postgresql.Range(2, 4), seat=9))

    assert run(postgres, two, swap, metadata=Late.metadata) == [1, 3]
    with pytest.raises(IntegrityError):
        run(postgres, overlap, metadata=Late.metadata)


def test_a_value_may_be_made_or_refused_as_it_is_set():
    assert Line(sku="x1").sku == "X1"
    with pytest.raises(ValueError, match="has no blanks"):
        Line(sku="x 1")


def test_what_is_computed_in_python_is_asked_for_in_sql(url):
    async def ask(db: AsyncSession) -> Any:
        dear = await db.one_or_404(select(Line).where(Line.is_dear))
        return dear.sku, dear.is_dear

    assert run(url, put, ask, metadata=without_mail(url)) == ("B2", True)


def test_queries_of_a_model_are_functions_that_go_on(sqlite):
    async def ask(db: AsyncSession) -> Any:
        statement = Line.of_order("de", 1).where(Line.is_dear).order_by(Line.sku)
        return [one.sku for one in await db.scalars(statement)]

    assert run(sqlite, put, ask) == ["B2"]


def test_what_happens_to_rows_is_heard_and_what_follows_the_commit_as_well(sqlite):
    heard: list[str] = []

    @event.listens_for(Order, "after_insert")
    def inserted(_mapper: Any, _connection: Any, order: Order) -> None:
        heard.append(f"inserted {order.number}")
        session: Any = object_session(order)
        session.after_commit(heard.append, f"committed {order.number}")

    @event.listens_for(Session, "before_flush", named=True)
    def flushing(session: Session, **_more: Any) -> None:
        heard.extend(f"new {type(row).__name__}" for row in session.new)

    async def fail(db: AsyncSession) -> None:
        db.add(Order(country="de", number=2))
        await db.flush()
        raise LookupError

    try:
        run(sqlite, put)
        with pytest.raises(LookupError):
            run(sqlite, fail)
    finally:
        event.remove(Order, "after_insert", inserted)
        event.remove(Session, "before_flush", flushing)

    assert [one for one in heard if "Line" not in one] == [
        "new Order",
        "inserted 1",
        "committed 1",
        "new Order",
        "inserted 2",
    ]


def test_models_may_inherit_with_tables_of_their_own(url):
    class Apart(Model):
        __abstract__ = True
        metadata = MetaData()

    class Animal(Apart):
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012

    class Cat(Animal):
        __tablename__ = "cat"
        id: Mapped[int] = mapped_column(ForeignKey("animal.id"), primary_key=True)
        lives: Mapped[int] = mapped_column(default=9)
        __mapper_args__ = {"polymorphic_identity": "cat"}  # noqa: RUF012

    async def both(db: AsyncSession) -> Any:
        db.add_all([Animal(), Cat()])
        await db.flush()
        found = await db.scalars(select(Animal).order_by(Animal.id))
        return sorted(type(one).__name__ for one in found)

    assert run(url, both, metadata=Apart.metadata) == ["Animal", "Cat"]
    assert inspect(Cat).local_table.name == "cat"
