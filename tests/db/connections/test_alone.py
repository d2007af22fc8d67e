import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, literal_column, select, text, union
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.expression import ColumnElement

from gambrel.core.http.errors import GambrelError
from gambrel.db import AsyncSession
from gambrel.db.connections.alone import reads_rows
from tests.db.fast.test_running import ADD, COUNT
from tests.db.shop import Hero, make_database


class Odd(ColumnElement[Any]):
    inherit_cache = True


HEROES = select(Hero.id)
READ = [
    HEROES.where(Hero.name == "x").order_by(Hero.age.desc()).limit(3),
    select(func.count()).select_from(Hero),
    select(Hero).join(Hero.team),
    union(HEROES, HEROES),
    HEROES.where(Hero.id.in_(select(func.max(Hero.id)))),
]
NEED_A_TRANSACTION = [
    text("SELECT 1"),
    HEROES.with_for_update(),
    HEROES.where(text("true")),
    select(literal_column("nextval('x')")),
    select(func.nextval("x")),
    select(func.set_config("app.tenant", "a", True)),
    select(func.own.count()),
    HEROES.where(Hero.id == select(func.nextval("x")).scalar_subquery()),
    HEROES.prefix_with("x"),
    HEROES.with_statement_hint("x"),
    select(insert(Hero).returning(Hero.id).cte()),
    insert(Hero).returning(Hero.id),
    select(Odd()),
]


@pytest.mark.parametrize("statement", READ, ids=str)
def test_a_select_of_rows_needs_no_transaction(statement):
    made = statement.compile(dialect=postgresql.dialect())

    assert reads_rows(made)
    assert reads_rows(made)  # as it is remembered


@pytest.mark.parametrize("statement", NEED_A_TRANSACTION[:-1], ids=str)
def test_whatever_could_tell_whether_there_is_one_has_it(statement):
    assert not reads_rows(statement.compile(dialect=postgresql.dialect()))


def test_so_does_what_is_not_of_sqlalchemy():
    made = HEROES.compile(dialect=postgresql.dialect())
    made.statement = NEED_A_TRANSACTION[-1]

    assert not reads_rows(made)


def is_open(db: AsyncSession) -> bool:
    connection = db.sync_session.connection().connection
    assert connection.driver_connection is not None
    return bool(connection.driver_connection.is_in_transaction())


@pytest.mark.service("postgres")
def test_a_session_that_reads_begins_its_transaction_when_it_needs_one(postgres):
    database = make_database(postgres)

    async def main() -> None:
        async with database.running():
            async with database.session(read_only=True) as db:
                await db.scalars(select(Hero))
                await COUNT.one(db)
                assert not is_open(db)
                await db.execute(text("SET LOCAL statement_timeout = 4321"))
                assert is_open(db)
                await db.scalars(select(Hero))
                assert await db.scalar(text("SHOW statement_timeout")) == "4321ms"
            async with database.session() as db:
                await db.scalars(select(Hero))
                assert is_open(db)
            async with database.session(read_only=True) as db:
                await db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                await db.scalars(select(Hero))
                assert is_open(db)
            async with database.session(read_only=True) as db:
                assert [one async for one in await db.stream_scalars(select(Hero))] == []
                assert is_open(db)

    asyncio.run(main())


async def add_row(db: AsyncSession) -> None:
    db.add(Hero(name="x"))


WRITES = [
    lambda db: db.execute(insert(Hero).values(name="x")),
    lambda db: db.execute(text("INSERT INTO hero (name, age, secret) VALUES ('x', 1, '')")),
    lambda db: ADD.run(db, name="x"),
    add_row,
]


@pytest.mark.service("postgres")
def test_it_still_cannot_write(postgres):
    database = make_database(postgres)

    async def write(how: Callable[[AsyncSession], Awaitable[Any]]) -> None:
        async with database.session(read_only=True) as db:
            await db.scalars(select(Hero))
            await how(db)

    async def main() -> None:
        async with database.running():
            for how in WRITES:
                with pytest.raises(GambrelError) as raised:
                    await write(how)
                assert raised.value.code == "db.read-only"
            assert (await COUNT.one(database)).count == 0

    asyncio.run(main())
