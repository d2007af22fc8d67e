from typing import Any

from sqlalchemy import ForeignKey, MetaData, event
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from gambrel.db import AsyncSession, Model
from gambrel.db.writing.flushes import written
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Team(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    heroes: Mapped[list["Hero"]] = relationship(cascade="all, delete-orphan")


class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))


def test_rows_are_told_with_what_has_become_of_them_orphans_too(sqlite):
    told: list[Any] = []

    async def make(db: AsyncSession) -> None:
        listen(db)
        db.add(Team(id=1, heroes=[Hero(id=1), Hero(id=2)]))

    async def change(db: AsyncSession) -> None:
        listen(db)
        team = await db.get_or_404(Team, 1, options=[selectinload(Team.heroes)])
        team.heroes[0].name = "an orphan"
        team.heroes[1].name = "stays"
        del team.heroes[0]

    async def delete(db: AsyncSession) -> None:
        listen(db)
        await db.delete(await db.get_or_404(Team, 1))

    def listen(db: AsyncSession) -> None:
        told.clear()
        event.listen(db.sync_session, "after_flush", hear)

    def hear(session: Any, context: Any) -> None:
        told.extend((type(row).__name__, row.id, what) for row, what in written(session, context))

    run(Base, sqlite, make)
    assert told == [("Team", 1, "create"), ("Hero", 1, "create"), ("Hero", 2, "create")]
    run(Base, sqlite, change)
    assert sorted(told) == [("Hero", 1, "delete"), ("Hero", 2, "change"), ("Team", 1, "change")]
    run(Base, sqlite, delete)
    assert sorted(told) == [("Hero", 2, "delete"), ("Team", 1, "delete")]
