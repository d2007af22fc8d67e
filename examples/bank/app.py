"""A bank: money moves from account to account, and none of it is ever made or lost.

A transfer has a number that its client chose. Whoever got no answer asks again with the same
number, as often as it takes, and moves the money once.
"""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, MetaData, func, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, Conflict, NotFound, Response, Router
from gambrel.db import NAMING, AsyncSession, Database, Model, Retries, Timestamps

router = Router()

# Tables ---------------------------------------------------------------------------------------


class Base(Model):
    """Tables of their own, whatever else is in the process."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Account(Base):
    __table_args__ = (CheckConstraint("balance >= 0", name="is_covered"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    balance: Mapped[int] = mapped_column(BigInteger)


class Transfer(Timestamps, Base):
    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[int] = mapped_column(ForeignKey("account.id"))
    target: Mapped[int] = mapped_column(ForeignKey("account.id"))
    amount: Mapped[int] = mapped_column(BigInteger)


# What comes in and goes out -------------------------------------------------------------------

Key = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Cents = Annotated[int, Meta(ge=1, le=10**12, description="hundredths of the currency")]


class Opening(Struct):
    owner: Annotated[str, Meta(min_length=1, max_length=100)]
    balance: Annotated[int, Meta(ge=0, le=10**12)] = 0


class AccountPublic(Struct):
    id: int
    owner: str
    balance: int


class Order(Struct):
    source: Key
    target: Key
    amount: Cents


class TransferPublic(Struct):
    id: UUID
    source: int
    target: int
    amount: int


class Books(Struct):
    accounts: int
    transfers: int
    total: int


# Handlers -------------------------------------------------------------------------------------

UNKNOWN = {404: "There is no such account."}
REFUSED = {409: "The source has too little, or the number stands for another transfer."}


@router.post("/accounts", returns=AccountPublic, status=201)
async def open_account(sent: Opening, db: AsyncSession) -> Account:
    return await db.create(Account, sent)


@router.get("/accounts/{id:int}", returns=AccountPublic, responses=UNKNOWN)
async def account(id: Annotated[int, Meta(le=2**31 - 1)], db: AsyncSession) -> Account:
    return await db.get_or_404(Account, id)


@router.put(
    "/transfers/{id:uuid}",
    returns=TransferPublic,
    responses=UNKNOWN | REFUSED | {201: "The money was moved."},
    middleware=[Retries()],
)
async def transfer(id: UUID, sent: Order, db: AsyncSession, response: Response) -> Transfer:
    """Move money; 201 when it moves, 200 when this transfer was made before."""
    accounts = await locked(db, sent)
    if (known := await db.get(Transfer, id)) is not None:
        if Order(known.source, known.target, known.amount) != sent:
            raise Conflict("this number stands for another transfer")
        return known
    source, target = accounts
    if source.balance < sent.amount:
        raise Conflict(f"account {source.id} has too little")
    source.balance -= sent.amount
    target.balance += sent.amount
    response.status = 201
    return await db.create(Transfer, sent, id=id)


async def locked(db: AsyncSession, order: Order) -> tuple[Account, Account]:
    """Return both accounts, which nobody else changes until the end of this request.

    They are locked in the order of their numbers: of two transfers that go opposite ways, one
    waits for the other, and not each for each.
    """
    if order.source == order.target:
        raise Conflict("source and target are the same account")
    keys = (order.source, order.target)
    statement = select(Account).where(Account.id.in_(keys)).order_by(Account.id).with_for_update()
    found = {account.id: account for account in await db.scalars(statement)}
    for key in keys:
        if key not in found:
            raise NotFound(f"there is no account {key}")
    return found[order.source], found[order.target]


@router.get("/transfers/{id:uuid}", returns=TransferPublic, responses={404: "Never made."})
async def show(id: UUID, db: AsyncSession) -> Transfer:
    return await db.get_or_404(Transfer, id)


@router.get("/books")
async def books(db: AsyncSession) -> Books:
    """Tell how much there is: the same before and after every transfer."""
    count, total = (
        await db.execute(select(func.count(), func.coalesce(func.sum(Account.balance), 0)))
    ).one()
    made = await db.scalar(select(func.count()).select_from(Transfer))
    return Books(count, made or 0, int(total))


def create_app() -> App:
    app = App(extensions=[Database("sqlite:///bank.db", metadata=Base.metadata, create=True)])
    app.include(router)
    return app


app = create_app()
