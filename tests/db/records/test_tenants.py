from typing import Any

import pytest
from sqlalchemy import ForeignKey, MetaData, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from gambrel import GambrelError, NotFound
from gambrel.db import AsyncSession, Model, Tenanted
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Customer(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    invoices: Mapped[list["Invoice"]] = relationship(back_populates="customer")
    seen: Mapped[list["Invoice"]] = relationship(viewonly=True, lazy="joined")


class Invoice(Tenanted, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"))
    customer: Mapped[Customer | None] = relationship(back_populates="invoices")


def as_tenant(name: str | None, work: Any) -> Any:
    async def run_as(db: AsyncSession) -> Any:
        db.tenant = name
        return await work(db)

    return run_as


async def bill(db: AsyncSession) -> None:
    customer = await db.get(Customer, 1) or Customer(id=1)
    db.add(Invoice(total=10, customer=customer))


async def totals(db: AsyncSession) -> list[int]:
    return list(await db.scalars(select(Invoice.total)))


PUT = [as_tenant("a", bill), as_tenant("b", bill)]


def test_a_session_sees_and_makes_rows_of_its_tenant_alone(url):
    async def by_key(db: AsyncSession) -> Any:
        return await db.get_or_404(Invoice, 2)

    async def counted(db: AsyncSession) -> Any:
        joined = select(func.count()).select_from(Customer).join(Customer.invoices)
        everyone = select(func.count(Invoice.id)).execution_options(all_tenants=True)
        return await db.scalar(joined), await db.scalar(everyone)

    async def loaded(db: AsyncSession) -> Any:
        customer = await db.get_or_404(Customer, 1, options=[selectinload(Customer.invoices)])
        return [one.tenant for one in customer.invoices]

    assert run(Base, url, *PUT, as_tenant("a", totals)) == [10]
    assert run(Base, url, as_tenant("a", counted)) == (1, 2)
    assert run(Base, url, as_tenant("b", loaded)) == ["b"]
    with pytest.raises(NotFound):
        run(Base, url, as_tenant("a", by_key))


def test_statements_change_and_delete_rows_of_one_tenant_alone(url):
    async def change(db: AsyncSession) -> None:
        await db.execute(update(Invoice).values(total=20))

    async def remove(db: AsyncSession) -> None:
        await db.execute(delete(Invoice))

    assert run(Base, url, *PUT, as_tenant("a", change), as_tenant("b", totals)) == [10]
    assert run(Base, url, as_tenant("a", remove), as_tenant("b", totals)) == [10]
    assert run(Base, url, as_tenant("a", totals)) == []


@pytest.mark.parametrize("work", [totals, bill])
def test_who_has_no_tenant_is_refused(sqlite, work):
    with pytest.raises(GambrelError, match="has no tenant"):
        run(Base, sqlite, work)


def test_rows_of_another_tenant_are_not_written(sqlite):
    async def forge(db: AsyncSession) -> None:
        db.add(Invoice(total=1, tenant="b"))

    async def give_away(db: AsyncSession) -> None:
        (await db.one_or_404(select(Invoice))).tenant = "b"

    async def steal(db: AsyncSession) -> None:
        everyone = select(Invoice).execution_options(all_tenants=True)
        for invoice in await db.scalars(everyone):
            invoice.tenant = "a"

    with pytest.raises(GambrelError, match="of another tenant"):
        run(Base, sqlite, as_tenant("a", forge))
    with pytest.raises(GambrelError, match="of another tenant"):
        run(Base, sqlite, *PUT, as_tenant("a", give_away))
    with pytest.raises(GambrelError, match="of another tenant"):
        run(Base, sqlite, *PUT, as_tenant("a", steal))


def copied() -> Any:
    return insert(Customer).from_select(["id"], select(Invoice.id + 7))


@pytest.mark.parametrize(
    ("statement", "rows"),
    [
        (insert(Invoice), [{"total": 1, "tenant": "b"}]),
        (update(Invoice), [{"id": 2, "total": 1}]),
        (update(Invoice).values(tenant="b"), None),
        (update(Invoice), {"tenant": "b"}),
        (copied(), None),
        (update(Customer).where(Customer.id == Invoice.customer_id).values(name="x"), None),
        (update(Customer).values(id=Invoice.id), None),
        (delete(Customer).where(Customer.id == Invoice.customer_id), None),
    ],
)
def test_a_statement_that_does_not_see_to_whose_rows_are_is_refused(sqlite, statement, rows):
    async def write(db: AsyncSession) -> None:
        await db.execute(statement, rows)

    with pytest.raises(GambrelError, match="does not see to whose"):
        run(Base, sqlite, as_tenant("a", write))


def test_who_says_so_writes_rows_of_all(sqlite):
    async def write(db: AsyncSession) -> int:
        await db.execute(copied().execution_options(all_tenants=True))
        return await db.scalar(select(func.count(Customer.id))) or 0

    async def write_of_others(db: AsyncSession) -> None:
        named = update(Customer).where(Customer.id == Customer.id + 0).values(name="x")
        await db.execute(named)

    assert run(Base, sqlite, *PUT, as_tenant("a", write_of_others), as_tenant("a", write)) == 3


def test_a_session_does_not_go_from_tenant_to_tenant_with_rows_of_the_first(sqlite):
    async def go_on(db: AsyncSession) -> None:
        invoice = await db.one_or_404(select(Invoice))
        db.tenant = "a"
        with pytest.raises(GambrelError, match="is given another"):
            db.tenant = "b"
        assert invoice.tenant == db.tenant
        db.expunge_all()
        db.tenant = "b"
        assert (await db.one_or_404(select(Invoice))).tenant == "b"

    run(Base, sqlite, *PUT, as_tenant("a", go_on))


def test_rows_that_come_with_one_that_is_read_again_are_of_the_tenant(sqlite):
    async def read_again(db: AsyncSession) -> list[str]:
        customer = Customer(id=2)
        db.add(customer)
        await db.flush()
        await db.execute(update(Invoice.__table__).values(customer_id=2))
        await db.refresh(customer)
        return [one.tenant for one in customer.seen]

    assert run(Base, sqlite, *PUT, as_tenant("a", read_again)) == ["a"]


def test_models_without_tenants_need_none(sqlite):
    async def ask(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Customer.id))) or 0

    assert run(Base, sqlite, *PUT, ask) == 1
