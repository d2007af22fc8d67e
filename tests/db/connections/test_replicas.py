"""A replica is played by a second database of the server: what is read tells which was asked."""

import asyncio
import logging
import time
from collections.abc import Iterator

import pytest
from msgspec import Struct
from sqlalchemy import MetaData, create_engine, func, literal, select, text
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App, GambrelError
from gambrel.db import AsyncSession, Database, Model, SyncSession, compiled
from gambrel.db.connections.replicas import RETRY, Replicas
from gambrel.db.connections.urls import parse_address
from gambrel.testing import Client
from tests.db.conftest import NAME, SERVERS, empty, run

OTHER = f"{NAME}_replica"
NOWHERE = {
    "postgresql": "postgresql://root@127.0.0.1:9/x",
    "mariadb": "mariadb://root@127.0.0.1:9/x",
}


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Note(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Number(Struct):
    number: int


class Counted(Struct):
    count: int


COUNT = compiled(select(func.count(Note.id).label("count")), into=Counted)


@pytest.fixture(
    params=[
        pytest.param("postgresql", marks=pytest.mark.service("postgres")),
        pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
    ]
)
def pair(request, tmp_path, servers) -> Iterator[tuple[str, str]]:
    """Yield the URLs of a primary and of what stands for its replica, which never follows."""
    kind = request.param
    primary = empty(kind, tmp_path, servers)
    server, admin = SERVERS[kind]
    run(server, admin, f"DROP DATABASE IF EXISTS {OTHER}", f"CREATE DATABASE {OTHER}")
    engine = create_engine(server + OTHER)
    Base.metadata.create_all(engine)
    engine.dispose()
    yield primary, primary.replace(NAME, OTHER)
    run(server, admin, f"DROP DATABASE {OTHER}")


def make_app(primary: str, *others: str, **settings) -> App:
    given = Database(primary, replicas=others, create=True, metadata=Base.metadata, **settings)
    app = App(extensions=[given])

    @app.post("/notes")
    async def write(db: AsyncSession) -> int:
        db.add(Note(text="x"))
        await db.flush()
        return await db.scalar(select(func.count(Note.id))) or 0

    @app.get("/notes")
    async def count(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Note.id))) or 0

    @app.get("/alone/notes")
    async def count_alone(database: Database) -> int:
        return (await COUNT.one(database)).count

    @app.get("/plain/notes")
    def count_plain(db: SyncSession) -> int:
        return db.scalar(select(func.count(Note.id))) or 0

    @app.get("/written")
    async def written(db: AsyncSession) -> None:
        db.add(Note(text="x"))

    @app.get("/fresh")
    async def fresh(database: Database) -> list[int]:
        found = []
        for is_fresh in (False, True):
            async with database.session(read_only=True, fresh=is_fresh) as db:
                found.append(await db.scalar(select(func.count(Note.id))) or 0)
        return found

    return app


BOTH = pytest.mark.parametrize("prefix", ["", "/plain"])


@BOTH
def test_what_is_only_read_is_read_from_a_replica(pair, prefix):
    with Client(make_app(*pair)) as client:
        client.post("/notes")
        client.cookies.clear()
        found = client.get(f"{prefix}/notes").json()

    assert found == 0


@BOTH
def test_who_has_written_reads_from_the_primary(pair, prefix):
    with Client(make_app(*pair)) as client:
        answer = client.post("/notes")
        found = client.get(f"{prefix}/notes").json()

    assert answer.headers["set-cookie"].startswith("gambrel_wrote_database=")
    assert (answer.json(), found) == (1, 1)


def test_a_write_that_fails_is_not_remembered(pair):
    app = make_app(*pair)

    @app.post("/broken")
    async def broken(db: AsyncSession) -> None:
        raise RuntimeError

    with Client(app, raise_server_errors=False) as client:
        answer = client.post("/broken")

    assert (answer.status_code, "set-cookie" in answer.headers) == (500, False)


def test_without_replicas_nothing_is_remembered(pair):
    with Client(make_app(pair[0])) as client:
        answer = client.post("/notes")
        found = client.get("/notes").json()

    assert "set-cookie" not in answer.headers
    assert found == 1


def test_a_unit_of_work_says_whether_it_has_to_be_fresh(pair):
    with Client(make_app(*pair)) as client:
        client.post("/notes")
        found = client.get("/fresh").json()

    assert found == [0, 1]


def test_a_replica_is_never_written_to(pair):
    with Client(make_app(*pair), raise_server_errors=False) as client:
        answer = client.get("/written")
        found = client.get("/notes").json()

    assert (answer.status_code, found) == (500, 0)


@BOTH
def test_where_a_replica_is_down_the_primary_is_read(pair, prefix, caplog):
    kind = pair[0].partition(":")[0]
    app = make_app(pair[0], NOWHERE[kind])
    with Client(app) as client, caplog.at_level(logging.WARNING, "gambrel.db"):
        client.post("/notes")
        client.cookies.clear()
        found = [client.get(f"{prefix}/notes").json() for _ in range(2)]

    assert found == [1, 1]
    told = [one.getMessage() for one in caplog.records if one.name == "gambrel.db"]
    assert len(told) == 1
    assert told[0].startswith(f"the replica {NOWHERE[kind]} does not answer: ")


def test_queries_by_themselves_are_read_from_a_replica_and_from_the_primary_where_it_is_down(pair):
    kind = pair[0].partition(":")[0]
    found = []
    for other in (pair[1], NOWHERE[kind]):
        with Client(make_app(pair[0], other)) as client:
            client.post("/notes")
            found.append([client.get("/alone/notes").json() for _ in range(2)])

    assert found == [[0, 0], [2, 2]]


def test_of_two_replicas_the_one_that_answers_is_read(pair):
    kind = pair[0].partition(":")[0]
    with Client(make_app(pair[0], NOWHERE[kind], pair[1])) as client:
        client.post("/notes")
        client.cookies.clear()
        found = [client.get("/notes").json() for _ in range(3)]

    assert found == [0, 0, 0]


def test_a_replica_that_answers_again_is_read_again(pair, caplog):
    kind = pair[0].partition(":")[0]
    app = make_app(pair[0], NOWHERE[kind])
    with Client(app) as client, caplog.at_level(logging.WARNING, "gambrel.db"):
        client.post("/notes")
        client.cookies.clear()
        before = client.get("/notes").json()
        database = next(one for one in app.extensions if isinstance(one, Database))
        several = database.engines.replicas
        assert several is not None
        several.addresses[0] = parse_address(pair[1], database.folder)
        several.down = {several.addresses[0].shown: time.monotonic() + RETRY}
        meanwhile = client.get("/notes").json()
        several.clock = lambda: time.monotonic() + RETRY + 1
        after = client.get("/notes").json()

    assert (before, meanwhile, after) == (1, 1, 0)
    assert f"the replica {pair[1]} answers again" in caplog.text


def test_new_connections_take_turns():
    first, second = (parse_address(f"postgresql://h{n}/x", None) for n in (1, 2))  # type: ignore[arg-type]
    several = Replicas(first, [first, second])

    assert [next(several.in_turn()) for _ in range(4)] == [second, first, second, first]


@pytest.mark.parametrize(
    ("primary", "other", "settings", "what"),
    [
        ("sqlite:///a.db", "sqlite:///b.db", {}, "has no replicas"),
        ("postgresql://h/a", "mariadb://h/b", {}, "is no postgresql"),
        ("postgresql://h/a", "postgresql://h/b", {"writes_on_get": True}, "GET may write"),
    ],
)
def test_replicas_that_cannot_be_end_the_start(primary, other, settings, what, tmp_path):
    database = Database(primary, replicas=[other], **settings)
    database.folder = tmp_path

    async def main() -> None:
        async with database.running():
            pass

    with pytest.raises(GambrelError, match=what) as caught:
        asyncio.run(main())
    assert caught.value.code == "db.replica"


@pytest.mark.service("postgres")
def test_a_replica_gets_the_options_of_its_primary(postgres):
    app = make_app(postgres, postgres, statement_timeout=7.0)

    @app.get("/timeout")
    async def timeout(db: AsyncSession) -> str:
        return str(await db.scalar(text("SHOW statement_timeout")))

    with Client(app) as client:
        assert client.get("/timeout").text == "7s"


@pytest.mark.service("postgres")
@pytest.mark.parametrize("whose", ["primary", "replica"])
def test_options_of_a_url_leave_the_limits_as_they_are(postgres, whose):
    told = f"{postgres}?options=-c%20work_mem%3D8MB&connect_timeout=9"
    urls = (told, postgres) if whose == "primary" else (postgres, told)
    app = make_app(*urls, statement_timeout=7.0)

    @app.get("/told")
    async def of_the_replica(db: AsyncSession) -> list[str]:
        shown = "SELECT current_setting('statement_timeout'), current_setting('work_mem')"
        return list((await db.execute(text(shown))).one())

    with Client(app) as client:
        assert client.get("/told").json() == ["7s", "8MB" if whose == "replica" else "4MB"]


@pytest.mark.service("postgres")
def test_a_compiled_statement_goes_back_to_a_replica_as_well(postgres):
    database = Database(postgres, replicas=[NOWHERE["postgresql"]])
    one = compiled(select(literal(1).label("number")), into=Number)

    async def main() -> list[int]:
        async with database.running():
            assert database.engines.replicas is not None
            first = await one.one(database)
            database.engines.replicas.clock = lambda: time.monotonic() + 2 * RETRY
            return [first.number, (await one.one(database)).number]

    assert asyncio.run(main()) == [1, 1]
