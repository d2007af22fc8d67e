import asyncio
import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct
from sqlalchemy import (
    JSON,
    Integer,
    MetaData,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Mapped, mapped_column

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.db import (
    AsyncSession,
    Database,
    JSONOf,
    Model,
    SoftDelete,
    SyncSession,
    Timestamps,
    UUIDKey,
    compiled,
)
from tests.db.shop import Hero, make_database, run


class HeroPublic(Struct):
    id: int
    name: str
    age: int


class Counted(Struct):
    count: int


FIND = compiled(select(Hero).where(Hero.id == bindparam("id")), into=HeroPublic)
OLDER = compiled(
    select(Hero).where(Hero.age >= bindparam("age")).order_by(Hero.age), into=HeroPublic
)
NAMED = compiled(
    select(Hero.id, Hero.name, Hero.age)
    .where(Hero.name.in_(bindparam("names")), Hero.age > 1)
    .order_by(Hero.id),
    into=HeroPublic,
)
ADD = compiled(insert(Hero).values(name=bindparam("name"), nickname=None))
RENAME = compiled(update(Hero).values(name=bindparam("name")).where(Hero.id == bindparam("key")))
REMOVE = compiled(delete(Hero).where(Hero.age < bindparam("age")))


async def three(db: AsyncSession) -> None:
    db.add_all(Hero(name=f"H{age}", age=age) for age in (10, 20, 30))


def test_rows_become_structs(url):
    async def ask(db: AsyncSession) -> Any:
        return await OLDER.all(db, age=20)

    found = run(url, three, ask)

    assert [type(one) for one in found] == [HeroPublic, HeroPublic]
    assert [(one.name, one.age) for one in found] == [("H20", 20), ("H30", 30)]


def test_a_row_is_the_first_or_the_only_one_or_none(url):
    async def ask(db: AsyncSession) -> None:
        assert await OLDER.first(db, age=30) == HeroPublic(3, "H30", 30)
        assert await OLDER.first(db, age=99) is None
        assert (await OLDER.one(db, age=30)).name == "H30"
        assert (await OLDER.one_or_404(db, age=30)).name == "H30"
        with pytest.raises(NoResultFound):
            await OLDER.one(db, age=99)
        with pytest.raises(NotFound):
            await OLDER.one_or_404(db, age=99)
        with pytest.raises(MultipleResultsFound):
            await OLDER.one(db, age=0)

    run(url, three, ask)


def test_in_a_thread_it_is_the_same_without_await(url):
    database = make_database(url)

    def ask() -> list[HeroPublic]:
        with database.plain_session() as db:
            db.add(Hero(name="A", age=50))
            assert ADD.run(db, name="B") == 1
            assert RENAME.run_many(db, [{"key": 1, "name": "C"}, {"key": 2, "name": "D"}]) == 2
            return OLDER.all(db, age=0)

    async def main() -> Any:
        async with database.running():
            return await asyncio.to_thread(ask)

    assert {one.name for one in asyncio.run(main())} == {"C", "D"}


def test_what_a_session_has_not_written_yet_is_written_before(url):
    async def ask(db: AsyncSession) -> None:
        db.add(Hero(name="New", age=40))
        assert [one.name for one in await OLDER.all(db, age=40)] == ["New"]
        with db.no_autoflush:
            db.add(Hero(name="Newer", age=41))
            assert [one.name for one in await OLDER.all(db, age=40)] == ["New"]

    run(url, ask)


def test_it_is_undone_with_the_unit_of_work_and_with_a_savepoint(url):
    async def undone(db: AsyncSession) -> None:
        await ADD.run(db, name="Kept")
        savepoint = await db.begin_nested()
        await ADD.run(db, name="Undone")
        assert len(await OLDER.all(db, age=0)) == 2
        await savepoint.rollback()
        assert [one.name for one in await OLDER.all(db, age=0)] == ["Kept"]

    async def failed(db: AsyncSession) -> None:
        await ADD.run(db, name="Failed")
        raise ZeroDivisionError

    async def ask(db: AsyncSession) -> Any:
        return [one.name for one in await OLDER.all(db, age=0)]

    with pytest.raises(ZeroDivisionError):
        run(url, undone, failed)
    assert run(url, ask) == ["Kept"]


def test_outside_of_a_unit_of_work_it_runs_by_itself(url):
    database = make_database(url)

    async def main() -> None:
        async with database.running():
            assert await ADD.run(database, name="Alone") == 1
            assert (await FIND.one_or_404(database, id=1)).name == "Alone"
            assert await FIND.first(database, id=2) is None
            await asyncio.gather(*(FIND.one(database, id=1) for _ in range(30)))
            assert database.engines.reader.pool.checkedout() == 0

    asyncio.run(main())


def test_a_list_has_as_many_places_as_values(url):
    async def ask(db: AsyncSession) -> None:
        for names in (["H10"], ["H10", "H30"], [], ["H10", "H20", "H30"], ("H20", "H30")):
            found = await NAMED.all(db, names=names)
            assert [one.name for one in found] == sorted(names)

    run(url, three, ask)


def test_a_list_may_be_of_tuples(url):
    pairs = compiled(
        select(Hero).where(tuple_(Hero.name, Hero.age).in_(bindparam("pairs"))), into=HeroPublic
    )

    async def ask(db: AsyncSession) -> None:
        for given in ([("H10", 10)], [("H10", 10), ("H20", 30)], [("H20", 20), ("H30", 30)]):
            found = await pairs.all(db, pairs=given)
            assert {(one.name, one.age) for one in found} <= set(given)
        assert len(found) == 2

    run(url, three, ask)


def test_what_an_insert_leaves_out_is_filled_in_by_its_column(url):
    add = compiled(
        insert(Hero).values(name=bindparam("name")).returning(Hero.id, Hero.name, Hero.age),
        into=HeroPublic,
    )

    async def ask(db: AsyncSession) -> Any:
        return await add.one(db, name="Ageless")

    assert run(url, ask) == HeroPublic(1, "Ageless", 30)


def test_changed_rows_are_counted_and_returned(url):
    grow = update(Hero).values(age=Hero.age + bindparam("years")).where(Hero.age < 25)

    async def change(db: AsyncSession) -> None:
        assert await compiled(grow).run(db, years=5) == 2
        rows = [{"key": 1, "name": "A"}, {"key": 2, "name": "B"}]
        assert await RENAME.run_many(db, rows) == 2
        assert await REMOVE.run(db, age=20) == 1
        assert {one.name for one in await OLDER.all(db, age=0)} == {"B", "H30"}
        await db.rollback()

    run(url, three, change)
    if url.startswith("mariadb"):  # whose UPDATE returns nothing
        return
    returned = compiled(grow.returning(Hero.id, Hero.name, Hero.age), into=HeroPublic)

    async def ask(db: AsyncSession) -> Any:
        return await returned.all(db, years=1)

    assert sorted(one.age for one in run(url, ask)) == [11, 21]


def test_what_has_a_default_need_not_be_given(sqlite):
    paged = compiled(
        select(Hero).order_by(Hero.id).limit(bindparam("size", 2, type_=Integer)), into=HeroPublic
    )

    async def ask(db: AsyncSession) -> Any:
        return len(await paged.all(db)), len(await paged.all(db, size=1))

    assert run(sqlite, three, ask) == (2, 1)


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Address(Struct, frozen=True):
    city: str


class Order(UUIDKey, Timestamps, Base):
    amount: Mapped[Decimal]
    colour: Mapped[Colour]
    address: Mapped[Address] = mapped_column(JSONOf(Address))
    plain: Mapped[Any] = mapped_column(JSON)
    day: Mapped[date]
    paid: Mapped[bool]
    at: Mapped[datetime | None] = mapped_column("paid_at")


class OrderPublic(Struct):
    id: UUID
    amount: Decimal
    colour: Colour
    address: Address
    day: date
    paid: bool
    at: datetime | None
    plain: dict[str, Address]
    created_at: datetime


def test_values_are_what_their_columns_make_of_them(url):
    amount, moment = Decimal("12.3400"), datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    names = ("amount", "colour", "address", "plain", "day", "paid", "at")
    add = compiled(insert(Order).values({name: bindparam(name) for name in names}))
    find = compiled(
        select(Order).where(
            Order.amount == bindparam("amount"),
            Order.colour.in_(bindparam("colours")),
            Order.at == bindparam("at"),
            Order.id == bindparam("id"),
        ),
        into=OrderPublic,
    )
    database = Database(url, create=True, metadata=Base.metadata)

    async def main() -> None:
        async with database.running(), database.session() as db:
            await add.run(
                db,
                amount=amount,
                colour=Colour.GREEN,
                address=Address("Bern"),
                plain={"home": {"city": "Basel"}},
                day=date(2026, 2, 3),
                paid=True,
                at=moment,
            )
            kept = (await db.scalars(select(Order))).one()
            found = await find.one(
                db, amount=amount, colours=[Colour.GREEN, Colour.RED], at=moment, id=kept.id
            )

            assert found == OrderPublic(
                kept.id,
                amount,
                Colour.GREEN,
                Address("Bern"),
                date(2026, 2, 3),
                True,
                moment,
                {"home": Address("Basel")},
                kept.created_at,
            )

    asyncio.run(main())


class Note(SoftDelete, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class NotePublic(Struct):
    id: int
    name: str = ""


def test_rows_that_are_deleted_softly_are_not_seen(sqlite):
    notes = compiled(select(Note), into=NotePublic)
    everything = compiled(select(Note.id).execution_options(include_deleted=True), into=NotePublic)
    database = Database(sqlite, create=True, metadata=Base.metadata)

    async def main() -> None:
        async with database.running(), database.session() as db:
            gone = Note(name="gone")
            db.add_all([gone, Note(name="here")])
            await db.flush()
            await db.delete(gone)

            assert [one.name for one in await notes.all(db)] == ["here"]
            assert len(await everything.all(db)) == 2

    asyncio.run(main())


class NotePlace(Struct, kw_only=True):
    name: str
    id: int
    extra: str = "none"


def test_fields_are_found_by_their_names_not_by_their_order(sqlite):
    by_name = compiled(select(Hero.id, Hero.name), into=NotePlace)
    by_hand = compiled(
        text("SELECT age, name, id FROM hero").columns(Hero.age, Hero.name, Hero.id),
        into=HeroPublic,
    )
    counted = compiled(select(func.count().label("count")).select_from(Hero), into=Counted)

    async def ask(db: AsyncSession) -> None:
        assert (await by_name.all(db))[0] == NotePlace(name="H10", id=1)
        assert (await by_hand.all(db))[0] == HeroPublic(1, "H10", 10)
        assert await counted.one(db) == Counted(3)

    run(sqlite, three, ask)


class Misspelt(Struct):
    id: int
    nmae: str


class Nullable(Struct):
    nickname: str


class OtherType(Struct):
    name: int


@pytest.mark.parametrize(
    ("statement", "into", "code", "told"),
    [
        (select(Hero), Misspelt, "db.shape", "did you mean 'name'?"),
        (select(Hero.id, Hero.name), Misspelt, "db.shape", "did you mean 'nmae'?"),
        (select(Hero), Nullable, "db.shape", "`nickname: str | None`"),
        (select(Hero), OtherType, "db.shape", "`name: str`"),
        (select(Hero.id), HeroPublic, "db.shape", "the statement has not"),
        (select(Hero).distinct(), HeroPublic, "db.compiled", "name the columns"),
        (select(Hero, Hero.name), HeroPublic, "db.compiled", "name the columns"),
        (select(Hero.id, Hero.age.label("id")), HeroPublic, "db.compiled", "called 'id'"),
        (select(Hero), dict, "db.compiled", "no struct"),
        (text("SELECT 1"), HeroPublic, "db.compiled", ".columns(id=Integer"),
        (select(Hero), None, "db.compiled", "nothing that they become"),
    ],
)
def test_what_does_not_fit_is_told_when_it_is_defined(statement, into, code, told):
    with pytest.raises(GambrelError) as raised:
        compiled(statement, into=into)

    assert raised.value.code == code
    assert told in f"{raised.value.what} {raised.value.hint}"
    assert "test_statements.py:" in raised.value.where


def test_values_have_the_names_of_parameters(sqlite):
    async def ask(db: AsyncSession) -> None:
        for values, told in (
            ({}, "'id' is not given"),
            ({"id": 1, "name": "x"}, "it takes no 'name'"),
            ({"idd": 1}, "did you mean 'id'?"),
        ):
            with pytest.raises(GambrelError) as raised:
                await FIND.first(db, **values)
            assert told in f"{raised.value.what} {raised.value.hint}"

    run(sqlite, ask)


def test_an_insert_says_which_values_it_takes(sqlite):
    unsaid = compiled(insert(Hero))

    async def ask(db: AsyncSession) -> None:
        with pytest.raises(GambrelError, match="without saying so"):
            await unsaid.run(db)

    run(sqlite, ask)


def test_rows_that_the_session_has_stay_as_they_are(sqlite):
    async def ask(db: AsyncSession) -> None:
        row = await db.get_or_404(Hero, 1)
        await RENAME.run(db, key=1, name="Changed")
        assert row.name == "H10"
        await db.refresh(row)
        assert row.name == "Changed"

    run(sqlite, three, ask)


def plain(url: str, work: Any) -> Any:
    database = make_database(url)

    async def main() -> Any:
        async with database.running():
            with database.plain_session() as db:
                return work(db)

    return asyncio.run(main())


def test_plain_lists_are_expanded_too(url):
    def ask(db: SyncSession) -> list[str]:
        db.add_all([Hero(name="A"), Hero(name="B"), Hero(name="C")])
        return [one.name for one in NAMED.all(db, names=["A", "C", "Z"])]

    assert plain(url, ask) == ["A", "C"]
