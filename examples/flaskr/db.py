"""The database: who writes, and what they have written."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel.db import NAMING, Database, Model

__all__ = ["Base", "Post", "User", "init"]


class Base(Model):
    """The models of the blog, apart from those of other apps in the same process."""

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class User(Base):
    """Who writes."""

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


class Post(Base):
    """What somebody has written."""

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    created: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    title: Mapped[str]
    body: Mapped[str]
    author: Mapped[User] = relationship()


async def init(database: Database) -> None:
    """Make the tables, and forget what was in them."""
    async with database.engines.writer.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
        await connection.run_sync(Base.metadata.create_all)
