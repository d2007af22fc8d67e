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
    invoices: Mapped[list["Invoice"]] = relationship(back_populates="customer")


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

    async def insert_many(db: AsyncSession) -> None:
        await db.execute(insert(Invoice), [{"total": 1, "tenant": "b"}])

    with pytest.raises(GambrelError, match="of another tenant"):
        run(Base, sqlite, as_tenant("a", forge))
    with pytest.raises(GambrelError, match="of another tenant"):
        run(Base, sqlite, *PUT, as_tenant("a", give_away))
    with pytest.raises(GambrelError, match="by a statement"):
        run(Base, sqlite, as_tenant("a", insert_many))


def test_models_without_tenants_need_none(sqlite):
    async def ask(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Customer.id))) or 0

    assert run(Base, sqlite, *PUT, ask) == 1
