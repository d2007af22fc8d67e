"""What sessions give back is known to type checkers; checked by mypy and pyright, never run."""

from collections.abc import Sequence
from typing import Annotated, assert_type

from msgspec import Struct
from sqlalchemy import MetaData, bindparam, select, update
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, Depends
from gambrel.db import (
    AsyncSession,
    Compiled,
    Database,
    Listing,
    Model,
    Page,
    Slice,
    SyncSession,
    compiled,
    find_by_natural_key,
    subtree,
)
from gambrel.extend import Extension
from gambrel.forms import HTMLForm


class City(Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class CityRow(Struct):
    id: int
    name: str


CITIES = Listing(City, filters={"name": City.name}, order={"name": City.name})


async def an_async_session(db: AsyncSession) -> None:
    assert_type(await db.get_or_404(City, 1), City)
    assert_type(await db.one_or_404(select(City)), City)
    assert_type(await db.one_or_404(select(City.name)), str)
    assert_type(await db.create(City, CityRow(1, "a")), City)
    assert_type(await db.change(City(), CityRow(1, "a")), City)
    assert_type(await db.page(select(City), 2), Page[City])
    assert_type((await db.scalars(subtree(City, 1).limit(1))).all(), Sequence[City])
    assert_type(await db.run_sync(find_by_natural_key, City, ["a"]), City | None)
    assert_type(await db.page(CITIES.select({"name": "a"})), Page[City])
    assert_type(await db.slice(select(City)), Slice[City])
    assert_type(await db.upsert(City, {"name": "a"}, on=[City.name]), City)
    assert_type(await db.fetch(CityRow, "SELECT id, name FROM city"), list[CityRow])
    assert_type((await db.page(select(City))).items, list[City])


async def forms(db: AsyncSession, plain: SyncSession, form: HTMLForm[CityRow]) -> None:
    assert_type(await db.save(City, form), City | None)
    assert_type(await db.save(City(), form, name="a"), City | None)
    assert_type(plain.save(City, form), City | None)
    form.fill(City())


def a_plain_session(db: SyncSession) -> None:
    assert_type(db.get_or_404(City, 1), City)
    assert_type(db.page(select(City)).items, list[City])
    assert_type(db.slice(select(City)).next, str | None)


FIND = compiled(select(City).where(City.id == bindparam("id")), into=CityRow)
RENAME = compiled(update(City).values(name=bindparam("name")).where(City.id == bindparam("key")))


async def compiled_statements(db: AsyncSession, database: Database) -> None:
    assert_type(FIND, Compiled[CityRow])
    assert_type(await FIND.one(db, id=1), CityRow)
    assert_type(await FIND.one_or_404(db, id=1), CityRow)
    assert_type(await FIND.first(db, id=1), CityRow | None)
    assert_type(await FIND.all(database, id=1), list[CityRow])
    assert_type(await RENAME.run(db, key=1, name="a"), int)
    assert_type(await RENAME.run_many(database, [{"key": 1, "name": "a"}]), int)


def plain_compiled_statements(db: SyncSession) -> None:
    assert_type(FIND.one(db, id=1), CityRow)
    assert_type(FIND.first(db, id=1), CityRow | None)
    assert_type(FIND.all(db, id=1), list[CityRow])
    assert_type(RENAME.run(db, key=1, name="a"), int)


async def units_of_work(database: Database) -> None:
    async with database.session() as db:
        assert_type(db, AsyncSession)
    with database.plain_session(read_only=True) as plain:
        assert_type(plain, SyncSession)


def sql_that_is_put_together(db: SyncSession, name: str) -> None:
    db.fetch(CityRow, f"SELECT id, name FROM {name}")  # type: ignore[unused-ignore]  # pyright: ignore[reportArgumentType]


def it_is_an_extension() -> tuple[App, Extension]:
    return App(extensions=[Database("sqlite://")]), Database("sqlite://")


class Audit(Model):
    __abstract__ = True
    metadata = MetaData()


AUDIT = Database("sqlite://", name="audit", models=Audit, replicas=())
OfAudit = Annotated[AsyncSession, Depends(AUDIT.async_session)]


async def a_session_of_a_database_with_a_name(db: OfAudit) -> None:
    assert_type(db, AsyncSession)
    assert_type(await db.explain(select(City), analyze=True), str)


async def a_session_that_must_not_be_old(database: Database) -> None:
    async with database.session(read_only=True, fresh=True) as db:
        assert_type(db, AsyncSession)
