"""Models that tests of this battery share: heroes and their teams."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel.db import AsyncSession, Database, Model


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Team(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    heroes: Mapped[list["Hero"]] = relationship(back_populates="team")


class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int] = mapped_column(default=30)
    nickname: Mapped[str | None]
    secret: Mapped[str] = mapped_column(default="", deferred=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship(back_populates="heroes")


def make_database(url: str, **settings: Any) -> Database:
    return Database(url, create=True, metadata=Base.metadata, **settings)


def run(url: str, *works: Callable[[AsyncSession], Awaitable[Any]], **settings: Any) -> Any:
    """Run functions, each with a session of its own, and return what the last one returns."""

    async def main() -> Any:
        result = None
        database = make_database(url, **settings)
        async with database.running():
            for work in works:
                async with database.session() as db:
                    result = await work(db)
        return result

    return asyncio.run(main())
