import asyncio
import threading
import time

import pytest
from sqlalchemy import select, text

from gambrel import App
from gambrel.db import SyncSession
from tests.core.harness import make_request
from tests.db.shop import Hero, make_database

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.service("postgres"))]
)
def test_a_statement_in_a_thread_ends_at_the_deadline_of_its_request(kind, request):
    url = request.getfixturevalue("sqlite" if kind == "sqlite" else "postgres")
    database = make_database(url)
    app = App(extensions=[database], threads=1)
    ended = threading.Event()

    @app.get("/slow", deadline=0.3)
    def slow(db: SyncSession) -> None:
        try:
            db.execute(text(ENDLESS[kind]))
        finally:
            ended.set()

    @app.get("/quick")
    def quick(db: SyncSession) -> int:
        return len(list(db.scalars(select(Hero))))

    async def main() -> None:
        async with app.running():
            late = await app.respond(make_request(app, "GET", "/slow"))
            after = await asyncio.wait_for(app.respond(make_request(app, "GET", "/quick")), 5)
            assert (late.status, after.status) == (503, 200)
            assert ended.is_set()
            async with asyncio.timeout(5):  # the thread gives its connection back in its own time
                while database.engines.plain_reader.pool.checkedout():  # noqa: ASYNC110 - not ours
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def test_a_thread_asks_nothing_more_when_its_deadline_has_passed(url):
    app = App(extensions=[make_database(url)])
    asked, ended = [], threading.Event()

    @app.get("/many", deadline=0.3)
    def many(db: SyncSession) -> None:
        try:
            for _ in range(100):  # each of them is well within the time
                db.execute(select(Hero))
                asked.append(1)
                time.sleep(0.1)
        finally:
            ended.set()

    async def main() -> None:
        async with app.running():
            late = await app.respond(make_request(app, "GET", "/many"))
            await asyncio.to_thread(ended.wait, 5)
            assert late.status == 503

    asyncio.run(main())

    assert len(asked) < 10


def test_the_next_session_of_a_connection_has_no_deadline(sqlite):
    app = App(extensions=[make_database(sqlite, pool_size=1)])
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "

    @app.get("/short", deadline=0.2)
    def short(db: SyncSession) -> None:
        db.execute(select(Hero))

    async def main() -> int:
        async with app.running():
            await app.respond(make_request(app, "GET", "/short"))
            await asyncio.sleep(0.3)
            database = app.extensions[0]
            with database.plain_session(read_only=True) as db:
                return db.scalar(text(many + "SELECT max(i) FROM n"))

    assert asyncio.run(main()) == 100_000
