"""Who buys and who sells: customers, their invoices, and those who look after them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload, selectinload

from gambrel import Query, Router
from gambrel.db import AsyncSession, FullText, Listing, compiled
from gambrel.templates import Template
from store.models import Album, Customer, Employee, Invoice, InvoiceLine, Track

__all__ = ["people"]

people = Router()

CUSTOMERS = Listing(
    Customer,
    filters={"employee": Customer.employee_id},
    search=FullText(Customer.name, Customer.city, Customer.country),
    base=select(Customer).options(joinedload(Customer.employee)),
)
AMOUNT = func.sum(InvoiceLine.price * InvoiceLine.quantity)


class CustomerQuery(Struct):
    q: Annotated[str, Meta(max_length=200)] = ""
    employee: int | None = None
    page: Annotated[int, Meta(ge=1, le=10_000)] = 1


class Spent(Struct):
    """What a customer has bought in all."""

    customer_id: int
    invoices: int
    total: Decimal


class Bill(Struct):
    """An invoice, and what it comes to."""

    id: int
    issued_on: date
    tracks: int
    total: Decimal


SPENT = compiled(
    select(
        Invoice.customer_id,
        func.count(Invoice.id.distinct()).label("invoices"),
        AMOUNT.label("total"),
    )
    .join(Invoice.invoice_lines)
    .where(Invoice.customer_id.in_(bindparam("ids")))
    .group_by(Invoice.customer_id),
    into=Spent,
)
BILLS = compiled(
    select(Invoice.id, Invoice.issued_on, func.count().label("tracks"), AMOUNT.label("total"))
    .join(Invoice.invoice_lines)
    .where(Invoice.customer_id == bindparam("id"))
    .group_by(Invoice.id, Invoice.issued_on)
    .order_by(Invoice.issued_on.desc(), Invoice.id.desc()),
    into=Bill,
)


@people.get("/customers")
async def customers(asked: Annotated[CustomerQuery, Query()], db: AsyncSession) -> Template:
    """Show customers, page by page, with what they have spent."""
    found = CUSTOMERS.select(asked).order_by(Customer.name)
    page = await db.page(found, asked.page, 25)
    spent = await SPENT.all(db, ids=[one.id for one in page.items])
    by_customer = {one.customer_id: one for one in spent}
    return Template("customers.html", {"asked": asked, "page": page, "spent": by_customer})


@people.get("/customers/{id:int}")
async def customer(id: int, db: AsyncSession) -> Template:
    """Show a customer and the invoices, the newest first."""
    found = await db.get_or_404(Customer, id, options=[joinedload(Customer.employee)])
    bills = await BILLS.all(db, id=id)
    total = sum((bill.total for bill in bills), Decimal())
    return Template("customer.html", {"customer": found, "bills": bills, "total": total})


@people.get("/invoices/{id:int}")
async def invoice(id: int, db: AsyncSession) -> Template:
    """Show an invoice with its lines."""
    lines = selectinload(Invoice.invoice_lines)
    track = lines.joinedload(InvoiceLine.track).joinedload(Track.album).joinedload(Album.artist)
    found = await db.get_or_404(Invoice, id, options=[joinedload(Invoice.customer), track])
    ordered = sorted(found.invoice_lines, key=lambda line: line.id)
    total = sum((line.price * line.quantity for line in ordered), Decimal())
    return Template("invoice.html", {"invoice": found, "lines": ordered, "total": total})


@people.get("/staff")
async def staff(db: AsyncSession) -> Template:
    """Show who works here, below whom, and how many customers each looks after."""
    everyone = select(Employee).options(selectinload(Employee.customers)).order_by(Employee.id)
    below: dict[int | None, list[Employee]] = {}
    for one in await db.scalars(everyone):
        below.setdefault(one.manager_id, []).append(one)
    return Template("staff.html", {"below": below})
