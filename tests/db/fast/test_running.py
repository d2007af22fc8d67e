import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import bindparam, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from gambrel import App
from gambrel.core.http.errors import GambrelError
from gambrel.db import AsyncSession, Database, SyncSession, compiled
from gambrel.db.testing import queries, rolled_back
from gambrel.testing import Client
from tests.core.harness import make_request
from tests.db.shop import Hero, make_database, run
from tests.db.test_units_cancelled import checked_out, cut_off, sweep

SLOW = {"postgresql": "SELECT 1 AS count FROM pg_sleep(5)", "mariadb": "SELECT sleep(5) AS count"}


class HeroPublic(Struct):
    id: int
    name: str


class Counted(Struct):
    count: int


FIND = compiled(select(Hero).where(Hero.name == bindparam("name")), into=HeroPublic)
COUNT = compiled(select(func.count().label("count")).select_from(Hero), into=Counted)
ADD = compiled(insert(Hero).values(name=bindparam("name"), nickname=None))


def make_app(url: str, *, debug: bool = False, **settings: Any) -> tuple[App, Database]:
    database = make_database(url, **settings)
    app = App(extensions=[database], debug=debug)

    @app.post("/deeds/{name}")
    async def create(name: str, db: AsyncSession) -> HeroPublic:
        await ADD.run(db, name=name)
        return await FIND.one(db, name=name)

    @app.post("/plain/deeds/{name}")
    def create_plain(name: str, db: SyncSession) -> HeroPublic:
        ADD.run(db, name=name)
        return FIND.one(db, name=name)

    @app.get("/write")
    async def write(db: AsyncSession) -> int:
        return await ADD.run(db, name="written by GET")

    @app.get("/plain/write")
    def write_plain(db: SyncSession) -> int:
        return ADD.run(db, name="written by GET")

    @app.get("/alone/{name}")
    async def alone(name: str, database: Database) -> HeroPublic:
        return await FIND.one_or_404(database, name=name)

    @app.get("/each")
    async def each(db: AsyncSession) -> int:
        found = 0
        for number in range(12):
            found += len(await FIND.all(db, name=str(number)))
        return found

    return app, database


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_it_is_committed_before_the_answer_and_seen_in_its_own_unit_of_work(url, prefix):
    app, _ = make_app(url)

    with Client(app) as client:
        assert client.post(f"{prefix}/deeds/Deadpond").json() == {"id": 1, "name": "Deadpond"}
        assert client.get("/alone/Deadpond").json() == {"id": 1, "name": "Deadpond"}
        assert client.get("/alone/Nobody").status_code == 404


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_errors_are_those_of_sqlalchemy_and_answered_like_them(url, prefix):
    app, _ = make_app(url)

    with Client(app) as client:
        client.post(f"{prefix}/deeds/Deadpond")
        assert client.post(f"{prefix}/deeds/Deadpond").status_code == 409
        assert client.post(f"{prefix}/deeds/Other").status_code == 200

    async def twice(db: AsyncSession) -> None:
        await ADD.run(db, name="secret name")
        with pytest.raises(IntegrityError) as raised:
            await ADD.run(db, name="secret name")
        assert "secret name" not in str(raised.value).partition("[SQL")[2]
        await db.rollback()

    run(url, twice)


def test_a_session_that_only_reads_refuses_it(url):
    app, _ = make_app(url)

    with Client(app, raise_server_errors=False) as client:
        assert client.get("/write").status_code == 500
        assert client.get("/alone/written by GET").status_code == 404

    async def write(database: Database) -> None:
        async with database.session(read_only=True) as db:
            await ADD.run(db, name="x")

    database = make_database(url)

    async def main() -> None:
        async with database.running():
            with pytest.raises(GambrelError) as raised:
                await write(database)
            assert raised.value.code == "db.read-only"

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/deeds/{}", "/plain/deeds/{}"])
def test_cancelled_at_any_await_it_leaves_nothing_open(url, path):
    app, database = make_app(url, pool_size=2)

    async def main() -> None:
        async with app.running():
            await app.respond(make_request(app, "POST", path.format("first")))
            await sweep(app, database, "POST", path)
            answer = await app.respond(make_request(app, "POST", path.format("last")))
            assert answer.status == 200

    asyncio.run(main())


def test_by_itself_it_leaves_nothing_open_either(url):
    database = make_database(url, pool_size=2)

    async def main() -> None:
        async with database.running():
            await COUNT.one(database)
            before, step, came = asyncio.all_tasks(), 0, True
            while came:
                step += 1
                task = asyncio.create_task(cut_off(FIND.first(database, name="x"), step))
                with suppress(asyncio.CancelledError):
                    came = await task
                assert asyncio.all_tasks() <= before
                assert checked_out(database) == 0
            assert step > 1
            assert (await COUNT.one(database)).count == 0

    asyncio.run(main())


@pytest.mark.service("postgres")
def test_a_statement_ends_in_time(postgres):
    sleep = compiled(text(SLOW["postgresql"]).columns(count=Hero.id.type), into=Counted)
    database = make_database(postgres, statement_timeout=0.2)

    async def main() -> None:
        async with database.running():
            with pytest.raises(OperationalError, match="statement timeout"):
                await sleep.one(database)
            async with database.session() as db:
                with pytest.raises(DBAPIError, match="statement timeout"):
                    await sleep.one(db)
                await db.rollback()

    asyncio.run(main())


@pytest.mark.service("postgres")
def test_who_is_cancelled_does_not_keep_the_server_at_it(postgres):
    sleep = compiled(text(SLOW["postgresql"]).columns(count=Hero.id.type), into=Counted)
    database = make_database(postgres, pool_size=1)
    busy = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
        "AND query LIKE '%pg_sleep(5)%' AND pid <> pg_backend_pid()"
    )

    async def main() -> None:
        async with database.running():
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(sleep.one(database), 0.2)
            async with database.session() as db:
                assert await db.scalar(busy) == 0

    asyncio.run(main())


def test_statements_are_counted_and_heard(url):
    app, database = make_app(url)
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool):
        heard.append((sql, values))

    with Client(app) as client:
        event.listen(database.engines.writer.sync_engine, "before_cursor_execute", hear)
        with queries(app) as found:
            client.post("/deeds/Deadpond")
            client.get("/alone/Deadpond")

    inserted = [one for one in found if "INSERT" in one.sql]
    assert [one.bound for one in inserted] == [4]
    assert len([one for one in found if "SELECT" in one.sql and "hero" in one.sql]) == 2
    assert any("INSERT" in sql and "Deadpond" in str(values) for sql, values in heard)


def test_a_line_that_asks_again_and_again_is_named(sqlite, caplog):
    app, _ = make_app(sqlite, debug=True)

    with Client(app) as client, caplog.at_level(logging.WARNING, "gambrel.db"):
        client.get("/each")

    (told,) = [one.getMessage() for one in caplog.records if "again and again" in one.getMessage()]
    assert "test_running.py" in told


def test_in_a_test_that_is_undone_it_takes_part(url):
    app, _ = make_app(url)

    with Client(app) as client:
        with rolled_back(app):
            client.post("/deeds/Deadpond")
            assert client.get("/alone/Deadpond").status_code == 200
        assert client.get("/alone/Deadpond").status_code == 404


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_there_too_a_session_that_reads_writes_nothing(url, prefix):
    app, _ = make_app(url)

    with Client(app, raise_server_errors=False) as client:
        with rolled_back(app):
            assert client.get(f"{prefix}/write").status_code == 500
            assert client.post(f"{prefix}/deeds/written by GET").status_code == 200  # no clash
        assert client.get(f"{prefix}/write").status_code == 500


def test_who_listens_to_connections_is_heard_though_he_waits(url):
    app, database = make_app(url)
    heard: list[str] = []

    def ask(connection: Any, _record: Any, _proxy: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        cursor.close()
        heard.append("taken")

    def begun(_session: Any, _transaction: Any, connection: Any) -> None:
        connection.execute(text("SELECT 2"))
        heard.append("begun")

    with Client(app) as client:
        assert client.get("/each").json() == 0
        event.listen(database.engines.reader.sync_engine.pool, "checkout", ask)
        assert client.get("/alone/Nobody").status_code == 404
        assert client.get("/each").json() == 0
        assert heard == ["taken", "taken"]
        event.listen(SyncSession, "after_begin", begun)
        try:
            assert client.get("/each").json() == 0
        finally:
            event.remove(SyncSession, "after_begin", begun)
        assert heard == ["taken", "taken", "taken", "begun"]


def test_a_savepoint_begins_before_the_statement_in_it(url):
    async def within(db: AsyncSession) -> None:
        await COUNT.one(db)
        savepoint = await db.begin_nested()
        await ADD.run(db, name="x")
        await savepoint.rollback()
        assert (await COUNT.one(db)).count == 0

    run(url, within)


def test_a_session_that_is_over_is_refused(sqlite):
    database = make_database(sqlite)

    async def main() -> None:
        async with database.running():
            async with database.session() as db:
                pass
            with pytest.raises(GambrelError) as raised:
                await COUNT.one(db)
            assert raised.value.code == "db.session-over"

    asyncio.run(main())
