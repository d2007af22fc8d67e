"""An app with two databases: a shop, and beside it a ledger with models of its own."""

from typing import Annotated, Any

from sqlalchemy import MetaData, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, Depends
from gambrel.db import NAMING, AsyncSession, Database, Model, SyncSession


class Shop(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Ledger(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Order(Shop):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)


class Entry(Ledger):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(unique=True)


def make_app(shop: str, ledger: str, **settings: Any) -> App:
    main = Database(shop, metadata=Shop.metadata, create=True, **settings)
    beside = Database(ledger, name="ledger", models=Ledger, create=True)
    app = App(extensions=[main, beside])
    kept = Annotated[AsyncSession, Depends(beside.async_session)]
    plain = Annotated[SyncSession, Depends(beside.sync_session)]

    @app.post("/orders/{title}")
    async def order(title: str, db: AsyncSession) -> None:
        db.add_all([Order(title=title), Entry(text=title)])

    @app.post("/plain/orders/{title}")
    def order_plain(title: str, db: SyncSession) -> None:
        db.add_all([Order(title=title), Entry(text=title)])

    @app.post("/tables/{title}")
    async def by_tables(title: str, db: AsyncSession) -> None:
        await db.execute(insert(Order.__table__), {"title": title})
        await db.execute(insert(Entry.__table__), {"text": title})

    @app.post("/twice/{title}/{text}")
    async def twice(title: str, text: str, db: AsyncSession, entries: kept) -> None:
        await db.execute(insert(Order).values(title=title))
        await entries.execute(insert(Entry).values(text=text))

    @app.get("/counts")
    async def counts(db: AsyncSession) -> list[int]:
        return [await db.scalar(select(func.count(one.id))) or 0 for one in (Order, Entry)]

    @app.get("/plain/counts")
    def counts_plain(db: SyncSession, entries: plain) -> list[int]:
        orders = db.scalar(select(func.count(Order.id))) or 0
        return [orders, entries.scalar(select(func.count(Entry.id))) or 0]

    return app
