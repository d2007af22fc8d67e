import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import MetaData, func, insert, select

from gambrel import App, GambrelError
from gambrel.db import AsyncSession, Database, SyncSession
from gambrel.db.testing import (
    check_migrations,
    database_of,
    migrating,
    queries,
    rolled_back,
)
from gambrel.testing import AsyncClient, Client
from tests.db.shop import Hero, make_database


def make_app(url: str) -> App:
    app = App(extensions=[make_database(url)])

    @app.post("/heroes/{name}")
    async def create(name: str, db: AsyncSession) -> None:
        db.add(Hero(name=name))

    @app.get("/heroes")
    async def count(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Hero.id))) or 0

    @app.post("/plain/heroes/{name}")
    def create_plain(name: str, db: SyncSession) -> None:
        db.add(Hero(name=name))

    @app.get("/plain/heroes")
    def count_plain(db: SyncSession) -> int:
        return db.scalar(select(func.count(Hero.id))) or 0

    return app


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_what_a_test_writes_is_undone(url, prefix):
    app = make_app(url)
    with Client(app) as client:
        client.post("/heroes/Before")
        for _ in range(2):  # the same unique name twice
            with rolled_back(app):
                assert client.post(f"{prefix}/heroes/Within").status_code == 204
                refused = client.post(f"{prefix}/heroes/Within")
                assert refused.status_code == 409
                assert client.get(f"{prefix}/heroes").json() == 2
        assert client.get("/heroes").json() == 1


def orm(db: Any) -> None:
    db.add(Hero(name="Sneaky"))


def statement(db: Any) -> Any:
    return db.execute(insert(Hero).values(name="Sneaky"))


@pytest.mark.parametrize("write", [orm, statement])
@pytest.mark.parametrize("writes_on_get", [False, True])
def test_a_get_that_writes_fails_in_a_test_as_it_would_outside(url, write, writes_on_get):
    app = App(extensions=[make_database(url, writes_on_get=writes_on_get)])

    @app.get("/sneaky")
    async def sneaky(db: AsyncSession) -> None:
        found = write(db)
        if found is not None:
            await found

    @app.get("/plain/sneaky")
    def sneaky_plain(db: SyncSession) -> None:
        write(db)

    with Client(app) as client:
        for path in ("/sneaky", "/plain/sneaky"):
            for trial in (nullcontext(), rolled_back(app)):
                with (
                    trial,
                    nullcontext() if writes_on_get else pytest.raises(GambrelError) as raised,
                ):
                    client.get(path)
                if raised is not None:
                    assert raised.value.code == "db.read-only"


def test_a_plain_session_of_a_test_itself_is_undone_with_the_rest(url):
    app = make_app(url)
    database = database_of(app)
    with Client(app) as client:
        with rolled_back(app):
            with database.plain_session() as db:
                db.add(Hero(name="Deadpond"))
            assert client.get("/plain/heroes").json() == 1
        assert client.get("/plain/heroes").json() == 0


def test_a_test_begins_with_the_rows_of_seeds(url, tmp_path):
    file = tmp_path / "heroes.json"
    file.write_text('{"Team": [{"name": "A"}], "Hero": [{"name": "Hulk", "team": "A"}]}')
    app = make_app(url)

    with Client(app) as client:
        for _ in range(2):
            with rolled_back(app) as trial:
                trial.plant(file)
                assert client.get("/heroes").json() == 1
        assert client.get("/heroes").json() == 0


def test_a_test_prepares_rows_in_the_same_transaction(url):
    app = make_app(url)

    async def prepare(db: AsyncSession, name: str) -> None:
        db.add(Hero(name=name))

    with Client(app) as client:
        with rolled_back(app) as trial:
            trial.call(prepare, name="Deadpond")
            assert client.get("/heroes").json() == 1
        assert client.get("/heroes").json() == 0


def test_a_test_adds_rows_that_have_their_keys(url):
    app = make_app(url)
    hero = Hero(name="Within")

    with Client(app) as client:
        with rolled_back(app) as trial:
            trial.add(hero, Hero(name="Another"))
            assert client.get("/heroes").json() == 2
            assert hero.id
        assert client.get("/heroes").json() == 0


def test_savepoints_of_a_test_that_is_undone_are_not_counted(sqlite):
    app = make_app(sqlite)

    with Client(app) as client:
        with rolled_back(app), queries(app, max=1) as within:
            client.get("/heroes")
        with queries(app, max=1) as outside:
            client.get("/heroes")

    assert [one.sql for one in within] == [one.sql for one in outside]


def test_an_async_test_rolls_back_too(url):
    app = make_app(url)

    async def main() -> None:
        async with AsyncClient(app) as client:
            async with rolled_back(app):
                await client.post("/heroes/Within")
                assert (await client.get("/heroes")).json() == 1
            assert (await client.get("/heroes")).json() == 0

    asyncio.run(main())


def test_an_app_without_a_database_has_none():
    with pytest.raises(GambrelError, match="this app has no database"):
        database_of(App())


def test_rows_are_prepared_while_the_app_runs(sqlite):
    app = make_app(sqlite)

    with pytest.raises(GambrelError, match="not open"), rolled_back(app):
        pass


def test_statements_of_a_database_itself_are_counted(sqlite):
    database = make_database(sqlite)

    async def main() -> int:
        async with database.running():
            with queries(database) as found:
                async with database.session() as db:
                    await db.execute(select(Hero))
            return len([one for one in found if "hero" in one.sql])

    assert asyncio.run(main()) == 1


def test_migrations_that_do_not_fit_their_models_are_told(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/x.db", metadata=Hero.metadata, migrations=tmp_path)

    with pytest.raises(AssertionError, match="in the models, not in the migrations"):
        check_migrations(App(extensions=[database]))


def test_rows_are_taken_through_migrations(tmp_path):
    (tmp_path / "0001_a.py").write_text(
        "from alembic import op\nrevision = '0001_a'\ndown_revision = None\n\n"
        "def upgrade() -> None:\n    op.execute('CREATE TABLE a (b integer)')\n"
    )
    database = Database(f"sqlite:///{tmp_path}/x.db", migrations=tmp_path, metadata=MetaData())

    with migrating(database, "0001") as rehearsal:
        rehearsal.run("INSERT INTO a VALUES (:b)", b=7)
        assert rehearsal.rows("SELECT b FROM a") == [(7,)]
