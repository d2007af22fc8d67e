import asyncio
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import ForeignKey, MetaData, delete, func, insert, inspect, select, update
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship, selectinload

from gambrel import GambrelError
from gambrel.db import AsyncSession, ChangeLog, Database, Model, Recorded, history_of
from gambrel.db.records.history import log_of
from gambrel.db.testing import queries
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Change(ChangeLog, Base):
    pass


class Hero(Recorded, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    wage: Mapped[Decimal | None]
    password: Mapped[str] = mapped_column(default="")
    diary: Mapped[str | None] = mapped_column(info={"secret": True})
    token_count: Mapped[int] = mapped_column(default=3, info={"secret": False})

    shouted = column_property(func.upper("hey"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("plain.id"))


class Plain(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    heroes: Mapped[list[Hero]] = relationship(cascade="all, delete-orphan")


class Other(Model):
    __abstract__ = True
    metadata = MetaData()


class Alone(Recorded, Other):
    id: Mapped[int] = mapped_column(primary_key=True)


async def create(db: AsyncSession) -> None:
    db.actor = "ann"
    db.add(Hero(name="Deadpond", password="hunter2", diary="dear"))
    db.add(Plain())


async def change(db: AsyncSession) -> None:
    db.actor = "bob"
    hero = await db.get_or_404(Hero, 1)
    hero.name, hero.wage, hero.password = "Spider", Decimal("1.5"), "hunter3"


async def leave(db: AsyncSession) -> None:
    hero = await db.get_or_404(Hero, 1)
    hero.name = hero.name


async def remove(db: AsyncSession) -> None:
    await db.delete(await db.get_or_404(Hero, 1))


async def log(db: AsyncSession) -> list[Any]:
    found = await db.scalars(select(Change).order_by(Change.id))
    return [(one.actor, one.action, one.model, one.row, one.changes) for one in found]


def test_every_change_is_kept_with_who_and_what(url):
    first, second, third = run(Base, url, create, change, leave, remove, log)

    assert first == (
        "ann",
        "create",
        "Hero",
        "1",
        {
            "id": [None, 1],
            "name": [None, "Deadpond"],
            "password": [None, "***"],
            "diary": [None, "***"],
            "token_count": [None, 3],
        },
    )
    assert second == (
        "bob",
        "change",
        "Hero",
        "1",
        {"name": ["Deadpond", "Spider"], "wage": [None, "1.5"], "password": ["***", "***"]},
    )
    assert third[:4] == (None, "delete", "Hero", "1")
    assert third[4]["name"] == ["Spider", None]
    assert third[4]["diary"] == ["***", None]


def test_what_the_database_computes_is_kept(url):
    async def make(db: AsyncSession) -> None:
        db.add(Hero(name=func.lower("ABC"), wage=Decimal("1.5")))

    async def raise_all(db: AsyncSession) -> None:
        hero = await db.get_or_404(Hero, 1)
        hero.wage = Hero.wage + 1

    made, raised = run(Base, url, make, raise_all, log)

    assert made[4]["name"] == [None, "abc"]
    assert raised[1:] == ("change", "Hero", "1", {"wage": ["1.5000", "2.5000"]})


def test_orphans_and_what_relations_change_are_kept(url):
    async def join(db: AsyncSession) -> None:
        db.add(Plain(id=1))
        db.add_all([Hero(name="A"), Hero(name="B")])

    async def recruit(db: AsyncSession) -> None:
        plain = Plain(id=2)
        db.add(plain)
        plain.heroes.append(await db.get_or_404(Hero, 1))
        plain.heroes.append(await db.get_or_404(Hero, 2))

    async def dismiss(db: AsyncSession) -> None:
        plain = await db.get_or_404(Plain, 2, options=[selectinload(Plain.heroes)])
        del plain.heroes[0]
        plain.heroes[0].name = "C"

    async def dismiss_changed(db: AsyncSession) -> None:
        plain = await db.get_or_404(Plain, 2, options=[selectinload(Plain.heroes)])
        plain.heroes[0].wage = func.abs(1)
        await db.delete(plain.heroes[0])

    found = [one[1:] for one in run(Base, url, join, recruit, dismiss, dismiss_changed, log)[2:]]

    assert found[:2] == [
        ("change", "Hero", "1", {"team_id": [None, 2]}),
        ("change", "Hero", "2", {"team_id": [None, 2]}),
    ]
    assert found[2] == ("change", "Hero", "2", {"name": ["B", "C"]})
    assert found[3][:3] == ("delete", "Hero", "1")
    assert found[3][3]["team_id"] == [2, None]
    assert found[4][:3] == ("delete", "Hero", "2")


def test_changes_of_a_flush_are_written_together(sqlite):
    app = Database(sqlite, create=True, metadata=Base.metadata)

    async def main() -> int:
        async with app.running(), app.session() as db:
            db.add_all([Hero(name=str(number)) for number in range(50)])
            with queries(app) as told:
                await db.flush()
        return len([one for one in told if "INTO change" in one.sql])

    assert asyncio.run(main()) == 1


def test_the_history_of_a_row_is_asked_for(sqlite):
    async def ask(db: AsyncSession) -> list[str]:
        hero = await db.get_or_404(Hero, 1)
        return [one.action for one in await db.scalars(history_of(Change, hero))]

    assert run(Base, sqlite, create, change, ask) == ["create", "change"]


def test_what_is_undone_is_in_no_history(sqlite):
    async def fail(db: AsyncSession) -> None:
        db.add(Hero(name="Nobody"))
        await db.flush()
        raise LookupError

    with pytest.raises(LookupError):
        run(Base, sqlite, fail)
    assert run(Base, sqlite, log) == []


@pytest.mark.parametrize(
    "statement", [update(Hero).values(name="x"), delete(Hero), insert(Hero).values(name="x")]
)
def test_a_statement_that_passes_by_the_log_is_refused_unless_it_says_so(sqlite, statement):
    async def pass_by(db: AsyncSession) -> None:
        await db.execute(statement)

    async def say_so(db: AsyncSession) -> None:
        await db.execute(statement.execution_options(unrecorded=True))

    with pytest.raises(GambrelError, match="would not be in its log"):
        run(Base, sqlite, pass_by)
    assert run(Base, sqlite, say_so, log) == []


def test_methods_that_tell_nobody_what_they_write_are_refused(sqlite):
    async def pass_by(db: AsyncSession) -> None:
        await db.run_sync(lambda plain: plain.bulk_insert_mappings(inspect(Hero), [{"name": "x"}]))

    with pytest.raises(GambrelError, match="past rules, tenants and the history"):
        run(Base, sqlite, pass_by)


def test_others_are_not_recorded(sqlite):
    async def others(db: AsyncSession) -> int:
        db.add(Plain())
        await db.execute(delete(Plain))
        return await db.scalar(select(func.count(Change.id))) or 0

    assert run(Base, sqlite, others) == 0


def test_who_is_recorded_and_has_no_log_is_told():
    with pytest.raises(GambrelError, match="there are 0 logs"):
        log_of(Alone)
