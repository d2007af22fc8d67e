import logging

import pytest
from sqlalchemy import event, text

from gambrel.db import AsyncSession
from gambrel.db.testing import databases_for, queries, rolled_back
from gambrel.testing import Client
from tests.db.several.ledger import Entry, Order, make_app

WAYS = pytest.mark.parametrize("way", ["/orders", "/plain/orders", "/tables"])


@pytest.fixture
def app(url, tmp_path):
    return make_app(url, f"sqlite:///{tmp_path}/ledger.db")


@WAYS
def test_each_model_is_kept_in_its_own_database(app, way):
    with Client(app) as client, queries(app) as told:
        answer = client.post(f"{way}/bread")
        counts = [client.get("/counts").json(), client.get("/plain/counts").json()]

    assert answer.status_code == 204
    assert counts == [[1, 1], [1, 1]]
    main, beside = databases_for(app)
    assert {"order"} == set(main.metadata.tables)
    assert {"entry"} == set(beside.metadata.tables)
    assert any("entry" in one.sql for one in told)


@WAYS
def test_what_one_database_refuses_is_in_none(app, way):
    with Client(app) as client:
        client.post("/twice/other/bread")
        answer = client.post(f"{way}/bread")
        counts = client.get("/counts").json()

    assert answer.status_code == 409
    assert counts == [1, 1]


@pytest.mark.parametrize("way", ["/orders", "/plain/orders"])
def test_the_database_of_the_session_is_committed_last(app, way):
    committed: list[str] = []
    with Client(app) as client:
        for database in databases_for(app):
            engines = database.engines
            for engine in (engines.writer.sync_engine, engines.plain_writer):
                name = database.name
                event.listen(engine, "commit", lambda _, name=name: committed.append(name))
        committed.clear()
        client.post(f"{way}/bread")

    assert committed == ["database_ledger", "database"]


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.service("postgres"))]
)
def test_a_last_commit_that_fails_leaves_what_was_committed_before(kind, request, tmp_path):
    app = make_app(request.getfixturevalue(kind), f"sqlite:///{tmp_path}/ledger.db")

    key = 'REFERENCES "order" (id) DEFERRABLE INITIALLY DEFERRED'  # refused by COMMIT alone

    @app.post("/dangling")
    async def dangling(db: AsyncSession) -> None:
        db.add(Entry(text="a"))
        await db.execute(text(f"CREATE TABLE line (order_id INTEGER {key})"))
        await db.execute(text("INSERT INTO line VALUES (99)"))

    with Client(app, raise_server_errors=False) as client:
        answer = client.post("/dangling")
        counts = client.get("/counts").json()

    assert answer.status_code == 409
    assert counts == [0, 1]


def test_sessions_of_two_databases_are_committed_in_reverse_of_their_order(app):
    committed: list[str] = []
    with Client(app) as client:
        for database in databases_for(app):
            engine, name = database.engines.writer.sync_engine, database.name
            event.listen(engine, "commit", lambda _, name=name: committed.append(name))
        committed.clear()
        client.post("/twice/bread/milk")

    assert committed == ["database_ledger", "database"]


def test_a_savepoint_undoes_its_part_in_both(app):
    @app.post("/part")
    async def part(db: AsyncSession) -> None:
        db.add(Order(title="kept"))
        savepoint = await db.begin_nested()
        db.add_all([Order(title="undone"), Entry(text="undone")])
        await db.flush()
        await savepoint.rollback()

    with Client(app) as client:
        client.post("/part")
        counts = client.get("/counts").json()

    assert counts == [1, 0]


def test_a_savepoint_that_is_left_open_is_committed_with_the_rest(app):
    @app.post("/open")
    async def left_open(db: AsyncSession) -> None:
        await db.begin_nested()
        db.add_all([Order(title="a"), Entry(text="a")])
        await db.flush()

    with Client(app) as client:
        answer = client.post("/open")
        counts = client.get("/counts").json()

    assert (answer.status_code, counts) == (204, [1, 1])


@pytest.mark.parametrize("way", ["/orders", "/plain/orders"])
def test_a_test_undoes_what_was_written_in_both(app, way, caplog):
    with Client(app) as client:
        with rolled_back(app), caplog.at_level(logging.WARNING):
            client.post(f"{way}/bread")
            within = client.get("/counts" if way == "/orders" else "/plain/counts").json()
        after = client.get("/counts").json()

    assert (within, after) == ([1, 1], [0, 0])
    assert [one.getMessage() for one in caplog.records if one.name != "asyncmy"] == []


def test_a_handler_that_fails_leaves_nothing_in_either(app):
    @app.post("/broken")
    async def broken(db: AsyncSession) -> None:
        db.add_all([Order(title="a"), Entry(text="a")])
        await db.flush()
        raise RuntimeError("after both")

    with Client(app, raise_server_errors=False) as client:
        answer = client.post("/broken")
        counts = client.get("/counts").json()

    assert (answer.status_code, counts) == (500, [0, 0])
