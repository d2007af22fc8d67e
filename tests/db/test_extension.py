import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import pytest
from msgspec import Struct
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, Depends, GambrelError
from gambrel.db import AsyncSession, Database, Model, SyncSession
from gambrel.sessions import MemoryStore, Session, Sessions
from gambrel.testing import Client
from tests.db import shop


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    age: Mapped[int | None]


class HeroPublic(Struct):
    id: int
    name: str
    age: int | None


class HeroCreate(Struct):
    name: str
    age: int | None = None


def make_app(url: str, **settings) -> App:
    database = Database(url, create=True, metadata=Base.metadata, **settings)
    app = App(extensions=[database])

    @app.post("/heroes", returns=HeroPublic, status=201)
    async def create(sent: HeroCreate, db: AsyncSession) -> Hero:
        hero = Hero(name=sent.name, age=sent.age)
        db.add(hero)
        await db.flush()
        return hero

    @app.get("/heroes/{key}", returns=HeroPublic)
    async def show(key: int, db: AsyncSession) -> Hero:
        return await db.get_or_404(Hero, key)

    @app.post("/plain/heroes", returns=HeroPublic, status=201)
    def create_plain(sent: HeroCreate, db: SyncSession) -> Hero:
        hero = Hero(name=sent.name, age=sent.age)
        db.add(hero)
        db.flush()
        return hero

    @app.get("/plain/heroes/{key}", returns=HeroPublic)
    def show_plain(key: int, db: SyncSession) -> Hero:
        return db.get_or_404(Hero, key)

    @app.get("/count")
    async def count(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Hero.id))) or 0

    return app


BOTH = pytest.mark.parametrize("prefix", ["", "/plain"])


@BOTH
def test_what_a_handler_writes_is_there_for_the_next(url, prefix):
    with Client(make_app(url)) as client:
        made = client.post(f"{prefix}/heroes", json={"name": "Deadpond", "age": 30})
        shown = client.get(f"{prefix}/heroes/{made.json()['id']}")

    assert made.status_code == 201
    assert shown.json() == {"id": made.json()["id"], "name": "Deadpond", "age": 30}


@BOTH
@pytest.mark.parametrize("key", ["7", "9" * 30])
def test_a_row_that_there_is_not_is_not_found(url, prefix, key):
    with Client(make_app(url)) as client:
        answer = client.get(f"{prefix}/heroes/{key}")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no such hero."


@BOTH
def test_a_row_that_there_is_already_is_a_conflict(url, prefix):
    with Client(make_app(url)) as client:
        client.post(f"{prefix}/heroes", json={"name": "Deadpond"})
        answer = client.post(f"{prefix}/heroes", json={"name": "Deadpond"})
        count = client.get("/count").json()

    assert answer.status_code == 409
    assert count == 1


@BOTH
@pytest.mark.parametrize("age", [2**63, 2**64 - 1])
def test_a_value_that_cannot_be_kept_is_not_valid(url, prefix, age):
    with Client(make_app(url)) as client:
        answer = client.post(f"{prefix}/heroes", json={"name": "Old", "age": age})
        count = client.get("/count").json()

    assert (answer.status_code, count) == (422, 0)


@BOTH
def test_a_handler_that_fails_leaves_nothing(url, prefix):
    app = make_app(url)

    @app.post("/broken")
    async def broken(db: AsyncSession) -> None:
        db.add(Hero(name="Half"))
        await db.flush()
        raise RuntimeError("after the insert")

    @app.post("/plain/broken")
    def broken_plain(db: SyncSession) -> None:
        db.add(Hero(name="Half"))
        db.flush()
        raise RuntimeError("after the insert")

    with Client(app, raise_server_errors=False) as client:
        answer = client.post(f"{prefix}/broken")
        count = client.get("/count").json()

    assert answer.status_code == 500
    assert count == 0


def test_an_answer_that_cannot_be_encoded_leaves_nothing(sqlite):
    app = make_app(sqlite)

    @app.post("/unsent", returns=HeroPublic)
    async def unsent(db: AsyncSession) -> Hero:
        hero = Hero(name="Unsent")
        db.add(hero)
        await db.flush()
        hero.age = "no number"  # type: ignore[assignment]
        return hero

    with Client(app, raise_server_errors=False) as client:
        answer = client.post("/unsent")
        count = client.get("/count").json()

    assert answer.status_code == 500
    assert count == 0


def test_a_generator_that_uses_the_session_writes_before_the_commit(url):
    app = make_app(url)

    async def audited(db: AsyncSession) -> AsyncIterator[None]:
        yield
        db.add(Hero(name="Audit"))

    @app.post("/audited", dependencies=[Depends(audited)])
    async def handler(db: AsyncSession) -> None:
        db.add(Hero(name="Deed"))

    with Client(app) as client:
        client.post("/audited")
        count = client.get("/count").json()

    assert count == 2


def test_who_depends_on_the_session_through_others_shares_it(url):
    app = make_app(url)

    async def heroes(db: AsyncSession) -> AsyncSession:
        db.add(Hero(name="Shared"))
        return db

    @app.post("/shared")
    async def handler(db: AsyncSession, other: Annotated[AsyncSession, Depends(heroes)]) -> bool:
        return db is other

    with Client(app) as client:
        assert client.post("/shared").json() is True
        assert client.get("/count").json() == 1


def test_a_commit_that_fails_is_an_error_and_logged_once(url, caplog):
    app = make_app(url)

    @app.post("/late")
    async def late(db: AsyncSession) -> str:
        db.add(Hero(name=None))  # type: ignore[arg-type]  # refused by the flush of the commit
        return "done"

    with Client(app, raise_server_errors=False) as client, caplog.at_level(logging.ERROR):
        answer = client.post("/late")
        count = client.get("/count").json()

    assert answer.status_code == 500
    assert count == 0
    assert len(caplog.records) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_asks_for_nothing_to_change_changes_nothing(url, method):
    app = make_app(url)

    @app.get("/sneaky")
    async def sneaky(db: AsyncSession) -> str:
        db.add(Hero(name="Sneaky"))
        await db.flush()
        return "done"

    with Client(app) as client:
        with pytest.raises(GambrelError, match="a session that only reads") as raised:
            client.request(method, "/sneaky")
        count = client.get("/count").json()

    assert raised.value.code == "db.read-only"
    assert count == 0


def test_a_get_may_write_where_the_app_says_so(url):
    app = make_app(url, writes_on_get=True)

    @app.get("/visit")
    async def visit(db: AsyncSession) -> str:
        db.add(Hero(name="Visit"))
        return "done"

    with Client(app) as client:
        client.get("/visit")
        assert client.get("/count").json() == 1


def test_what_a_visitor_has_is_not_changed_where_the_commit_fails():
    """However a handler asks for the two: its session closes after the transaction."""
    database = Database("sqlite://", create=True, metadata=Base.metadata)
    app = App(extensions=[database, Sessions(store=MemoryStore())])

    @app.post("/cart")
    async def fill(visitor: Session) -> None:
        visitor["cart"] = "full"

    @app.get("/cart")
    async def look(visitor: Session) -> str:
        return str(visitor.get("cart"))

    @app.post("/orders")
    async def order(db: AsyncSession, visitor: Session) -> None:
        visitor["cart"] = "empty"
        db.add(Hero(name=None))  # type: ignore[arg-type]  # refused by the flush of the commit

    with Client(app, raise_server_errors=False) as client:
        client.post("/cart")
        assert client.post("/orders").status_code >= 400
        assert client.get("/cart").text == "full"


def test_a_session_outside_a_request_commits_at_its_end(url):
    app = make_app(url)

    async def work(database: Database) -> int:
        async with database.session() as db:
            db.add(Hero(name="Job"))
        with suppress(ZeroDivisionError):
            async with database.session() as db:
                db.add(Hero(name="Broken job"))
                await db.flush()
                1 / 0  # noqa: B018 - fails
        async with database.session(read_only=True) as db:
            return await db.scalar(select(func.count(Hero.id))) or 0

    async def call() -> int:
        async with app.running():
            return await app.call(work)

    assert asyncio.run(call()) == 1


def test_a_function_that_is_called_outside_a_request_has_a_session_that_writes(url):
    app = make_app(url)

    async def work(db: AsyncSession) -> None:
        db.add(Hero(name="Called"))

    def count(db: SyncSession) -> int:
        return db.scalar(select(func.count(Hero.id))) or 0

    async def call() -> int:
        async with app.running():
            await app.call(work)
            return await app.call(count)

    assert asyncio.run(call()) == 1


def test_a_database_is_open_in_a_script_without_an_app(url):
    database = Database(url, create=True, metadata=Base.metadata)

    async def script() -> int:
        async with database.running():
            async with database.session() as db:
                db.add(Hero(name="Script"))
            with database.plain_session(read_only=True) as db:
                return db.scalar(select(func.count(Hero.id))) or 0

    assert asyncio.run(script()) == 1


def test_the_environment_says_which_database_it_is(url, monkeypatch):
    monkeypatch.setenv("GAMBREL_DATABASE_URL", url)
    app = make_app("postgresql://nobody@nowhere.invalid/nothing")

    with Client(app) as client:
        assert client.get("/count").json() == 0


def test_a_relative_file_is_in_the_folder_of_the_app(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path / "kept"))

    with Client(make_app("sqlite:///heroes.db")) as client:
        client.get("/count")

    assert (tmp_path / "kept" / "heroes.db").exists()


def test_a_database_in_memory_is_gone_with_the_app():
    app = make_app("sqlite://")
    for _ in range(2):
        with Client(app) as client:
            assert client.post("/heroes", json={"name": "Once"}).status_code == 201
            assert client.get("/count").json() == 1


def test_an_app_begins_with_the_rows_of_its_seeds_however_often_it_starts(url, tmp_path):
    file = tmp_path / "heroes.json"
    file.write_text('{"Team": [{"name": "X"}], "Hero": [{"name": "Hulk", "team": "X", "age": 40}]}')
    for _ in range(2):
        app = App(extensions=[shop.make_database(url, seeds=[str(file)])])

        @app.get("/")
        async def ages(db: AsyncSession) -> list[int]:
            return list(await db.scalars(select(shop.Hero.age)))

        with Client(app) as client:
            assert client.get("/").json() == [40]


def test_a_seed_that_cannot_be_planted_ends_the_start_and_plants_nothing(url, tmp_path):
    file = tmp_path / "heroes.json"
    file.write_text('{"Team": [{"name": "X"}], "Hero": [{"nom": "Hulk"}]}')

    with (
        pytest.raises(GambrelError, match="has no 'nom'"),
        Client(App(extensions=[shop.make_database(url, seeds=[str(file)])])),
    ):
        pass

    app = App(extensions=[shop.make_database(url)])
    app.get("/")(count_teams)
    with Client(app) as client:
        assert client.get("/").json() == 0


def test_rows_of_seeds_that_the_database_refuses_are_no_database_that_is_away(url, tmp_path):
    file = tmp_path / "rows.py"
    file.write_text("from tests.db.shop import Hero\ndef seed(db): db.add(Hero(name=None))\n")
    app = App(extensions=[shop.make_database(url, seeds=[str(file)])])

    with (
        pytest.raises(GambrelError, match="does not take the rows of seeds") as raised,
        Client(app),
    ):
        pass

    assert raised.value.code == "db.seed"


async def count_teams(db: AsyncSession) -> int:
    return await db.scalar(select(func.count()).select_from(shop.Team)) or 0


def test_workers_that_start_together_make_each_table_once(url):
    async def worker() -> int:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session(read_only=True) as db:
            return await db.scalar(select(func.count(Hero.id))) or 0

    async def main() -> list[int]:
        return await asyncio.gather(*[worker() for _ in range(5)])

    assert asyncio.run(main()) == [0] * 5


def test_a_database_that_cannot_be_reached_ends_the_start():
    app = make_app("postgresql://nobody:secret@127.0.0.1:1/nothing")

    with pytest.raises(GambrelError, match="cannot be used") as raised, Client(app):
        pass

    assert raised.value.code == "db.unreachable"
    assert "secret" not in str(raised.value)


def test_a_session_is_asked_for_while_the_database_is_closed():
    with pytest.raises(GambrelError, match="not open"), Database("sqlite://").plain_session():
        pass
