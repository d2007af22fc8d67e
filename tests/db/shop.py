"""Models that tests of this battery share: heroes and their teams."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel.db import AsyncSession, Database, Model
from tests.db import running


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

    return running.run(Base, url, *works, **settings)
