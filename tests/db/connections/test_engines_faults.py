"""A database that is too busy, gone, or silent: answered in time, and no restart afterwards."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import MetaData, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.core.http.response import Response
from gambrel.db import AsyncSession, Database, Model
from tests.core.harness import make_request
from tests.db.proxy import Proxy

postgres_only = pytest.mark.service("postgres")


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Deed(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


def make_app(url: str, **settings) -> tuple[App, Database]:
    database = Database(url, create=True, metadata=Base.metadata, **settings)
    app = App(extensions=[database])

    @app.post("/deeds", deadline=1)
    async def create(db: AsyncSession) -> int:
        deed = Deed()
        db.add(deed)
        await db.flush()
        return deed.id

    @app.get("/deeds", deadline=1)
    async def count(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Deed.id))) or 0

    return app, database


async def answer(app: App, method: str, path: str) -> Response:
    return await asyncio.wait_for(app.respond(make_request(app, method, path)), 8)


async def is_well_soon(app: App, seconds: float = 2.0) -> bool:
    """Ask until the app answers, for some seconds at most."""
    async with asyncio.timeout(seconds + 6):  # the last attempt may take its time
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            if (await answer(app, "GET", "/deeds")).status == 200:
                return True
            await asyncio.sleep(0.05)
    return False


@asynccontextmanager
async def through_proxy(url: str, **settings) -> AsyncIterator[tuple[App, Database, Proxy]]:
    proxy = Proxy(5432)
    await proxy.start()
    app, database = make_app(
        make_url(url).set(port=proxy.port).render_as_string(hide_password=False), **settings
    )
    async with app.running():
        yield app, database, proxy
    await proxy.stop()


def test_who_finds_no_free_connection_in_time_may_try_again_later(url):
    app, _ = make_app(url, pool_size=1, pool_wait=0.1)
    held, release = asyncio.Event(), asyncio.Event()

    @app.post("/hold")
    async def hold(db: AsyncSession) -> None:
        await db.execute(select(Deed))
        held.set()
        await release.wait()

    async def main() -> None:
        async with app.running():
            holding = asyncio.create_task(answer(app, "POST", "/hold"))
            await held.wait()
            refused = await answer(app, "POST", "/deeds")
            release.set()
            await holding
            after = await answer(app, "POST", "/deeds")

        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert after.status == 200

    asyncio.run(main())


def test_writers_of_sqlite_wait_for_each_other_and_readers_for_nobody(sqlite):
    app, _ = make_app(sqlite)
    held, release = asyncio.Event(), asyncio.Event()

    @app.post("/hold")
    async def hold(db: AsyncSession) -> None:
        db.add(Deed())
        await db.flush()
        held.set()
        await release.wait()

    async def main() -> None:
        async with app.running():
            holding = asyncio.create_task(answer(app, "POST", "/hold"))
            await held.wait()
            writing = [asyncio.create_task(answer(app, "POST", "/deeds")) for _ in range(20)]
            read = await answer(app, "GET", "/deeds")
            release.set()
            written = await asyncio.gather(*writing)
            await holding

        assert read.body == b"0"
        assert {one.status for one in written} == {200}

    asyncio.run(main())


@postgres_only
def test_a_server_that_is_stopped_is_503_and_found_again(postgres):
    async def main() -> None:
        async with through_proxy(postgres) as (app, database, proxy):
            await asyncio.gather(*[answer(app, "POST", "/deeds") for _ in range(20)])
            await proxy.stop()
            refused = await asyncio.gather(*[answer(app, "POST", "/deeds") for _ in range(20)])
            await proxy.start()
            is_well = await is_well_soon(app)
            after = await asyncio.gather(*[answer(app, "POST", "/deeds") for _ in range(20)])

            assert {one.status for one in refused} == {503}
            assert is_well
            assert {one.status for one in after} == {200}
            assert database.engines.writer.pool.checkedout() == 0

    asyncio.run(main())


@postgres_only
def test_a_network_that_swallows_everything_is_503_and_over_when_it_is(postgres):
    async def main() -> None:
        async with through_proxy(postgres, pool_size=5, pool_wait=0.5) as (app, database, proxy):
            await asyncio.gather(*[answer(app, "POST", "/deeds") for _ in range(5)])
            proxy.swallow()
            refused = await asyncio.gather(*[answer(app, "POST", "/deeds") for _ in range(10)])
            proxy.flow()
            is_well = await is_well_soon(app)

            assert {one.status for one in refused} == {503}
            assert is_well
            assert database.engines.writer.pool.checkedout() == 0

    asyncio.run(main())


@postgres_only
def test_connections_that_the_server_has_ended_are_not_given_out_after_a_pause(postgres):
    async def main() -> None:
        app, database = make_app(postgres)
        async with app.running():
            await answer(app, "GET", "/deeds")
            async with database.session() as db:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                mine = "datname = current_database() AND pid <> pg_backend_pid()"
                await answer(app, "GET", "/deeds")
                await db.execute(text(others + mine))
            await asyncio.sleep(1.1)  # as long as a connection is taken for a good one
            answers = await asyncio.gather(*[answer(app, "GET", "/deeds") for _ in range(3)])

        assert {one.status for one in answers} == {200}

    asyncio.run(main())


@postgres_only
@pytest.mark.parametrize("fault", ["stop", "swallow"])
def test_a_commit_that_the_server_does_not_confirm_is_no_success(postgres, fault, caplog):
    proxies: list[Proxy] = []

    async def late(db: AsyncSession) -> None:
        db.add(Deed())
        await db.flush()
        if fault == "stop":
            await proxies[0].stop()
        else:
            proxies[0].swallow()

    async def run() -> Response:
        proxy = Proxy(5432)
        proxies.append(proxy)
        await proxy.start()
        url = make_url(postgres).set(port=proxy.port).render_as_string(hide_password=False)
        app, _ = make_app(url)
        app.add("/late", late, ["POST"])
        async with app.running():
            answered = await answer(app, "POST", "/late")
        await proxy.stop()
        return answered

    with caplog.at_level(logging.WARNING, "gambrel"):
        answered = asyncio.run(run())

    assert answered.status == 503
    assert len([one for one in caplog.records if one.name == "gambrel.errors"]) == 1


@postgres_only
def test_a_statement_ends_on_the_server_with_its_request(postgres):
    app, database = make_app(postgres)
    running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND "
    running += "state = 'active' AND pid <> pg_backend_pid()"

    @app.get("/slow", deadline=0.3)
    async def slow(db: AsyncSession) -> None:
        await db.execute(text("SELECT pg_sleep(60)"))

    async def main() -> None:
        async with app.running():
            late = await answer(app, "GET", "/slow")
            async with database.session() as db:
                left = await db.scalar(text(running))

            assert late.status == 503
            assert left == 0
            assert database.engines.writer.pool.checkedout() == 0

    asyncio.run(main())


def test_a_statement_of_sqlite_ends_with_its_request(sqlite):
    app, database = make_app(sqlite)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    @app.get("/slow", deadline=0.3)
    async def slow(db: AsyncSession) -> None:
        await db.execute(text(endless))

    async def main() -> None:
        async with app.running():
            late = await answer(app, "GET", "/slow")
            after = await answer(app, "POST", "/deeds")

            assert (late.status, after.status) == (503, 200)
            assert database.engines.reader.pool.checkedout() == 0

    asyncio.run(main())
