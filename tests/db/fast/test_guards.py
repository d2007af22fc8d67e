from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, func, insert, select, union, update
from sqlalchemy.orm import aliased

from gambrel import GambrelError
from gambrel.db import AsyncSession, compiled
from tests.db.records.test_history import Base as Recording
from tests.db.records.test_history import Hero
from tests.db.records.test_tenants import Base, Customer, Invoice, bill
from tests.db.running import run


class Counted(Struct):
    count: int


class Named(Struct):
    name: str


COUNT = func.count().label("count")
OTHER = aliased(Invoice)
OF_TENANTS = {
    "columns": select(func.sum(Invoice.total).label("count")),
    "join": select(COUNT).select_from(Customer).join(Customer.invoices),
    "join within": select(COUNT).select_from(
        select(Customer.id).join(Customer.invoices).subquery()
    ),
    "outer join": select(COUNT).select_from(Customer).outerjoin(OTHER, Customer.invoices),
    "alias": select(func.sum(OTHER.total).label("count")),
    "exists": select(COUNT).where(exists().where(Invoice.id == Customer.id)),
    "any": select(COUNT).select_from(Customer).where(Customer.invoices.any()),
    "scalar": select(select(func.sum(Invoice.total)).scalar_subquery().label("count")),
    "from": select(COUNT).select_from(select(Invoice.id).subquery()),
    "cte": select(COUNT).select_from(select(Invoice.id).cte()),
    "union": union(select(Customer.id.label("count")), select(Invoice.id.label("count"))),
}
CHANGES_OF_TENANTS = {
    "insert": insert(Invoice).values(total=bindparam("n"), tenant="a", customer_id=None),
    "update": update(Invoice).values(total=bindparam("n")),
    "delete": delete(Invoice).where(Invoice.total == bindparam("n")),
    "elsewhere": delete(Customer).where(
        Customer.id.in_(select(Invoice.customer_id).where(Invoice.total == bindparam("n")))
    ),
}


def refused(base: Any, url: str, run_it: Any) -> GambrelError:
    with pytest.raises(GambrelError) as raised:
        run(base, url, run_it)
    return raised.value


@pytest.mark.parametrize("statement", OF_TENANTS.values(), ids=OF_TENANTS)
def test_rows_of_tenants_are_not_read_past_their_tenant(sqlite, statement):
    ask = compiled(statement, into=Counted)

    error = refused(Base, sqlite, ask.all)

    assert error.code == "db.tenant"
    assert "Invoice" in error.what
    assert "test_guards.py" in error.where
    assert "all_tenants=True" in error.hint


@pytest.mark.parametrize("statement", CHANGES_OF_TENANTS.values(), ids=CHANGES_OF_TENANTS)
def test_nor_are_they_changed(sqlite, statement):
    change = compiled(statement)

    assert refused(Base, sqlite, lambda db: change.run(db, n=1)).code == "db.tenant"


def test_who_says_that_it_is_about_all_tenants_sees_to_it(url):
    own = select(COUNT).select_from(Invoice).where(Invoice.tenant == bindparam("tenant"))
    count = compiled(own.execution_options(all_tenants=True), into=Counted)

    async def put(db: AsyncSession) -> None:
        db.tenant = "a"
        await bill(db)

    async def ask(db: AsyncSession) -> list[int]:
        return [(await count.one(db, tenant=tenant)).count for tenant in "ab"]

    assert run(Base, url, put, ask) == [1, 0]


@pytest.mark.parametrize(
    "statement",
    [
        insert(Hero).values(name=bindparam("new"), wage=None, diary=None),
        update(Hero).values(name=bindparam("new")),
        delete(Hero).where(Hero.name == bindparam("new")),
    ],
    ids=["insert", "update", "delete"],
)
def test_changes_that_are_recorded_are_not_made_past_the_log(sqlite, statement):
    change, unrecorded = compiled(statement), statement.execution_options(unrecorded=True)

    error = refused(Recording, sqlite, lambda db: change.run(db, new="x"))

    assert (error.code, "Hero" in error.what) == ("db.unrecorded", True)
    assert "unrecorded=True" in error.hint
    assert run(Recording, sqlite, lambda db: compiled(unrecorded).run(db, new="x")) in (0, 1)


def test_to_read_them_is_no_change(sqlite):
    find = compiled(select(Hero.name), into=Named)

    assert run(Recording, sqlite, find.all) == []
