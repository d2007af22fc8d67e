"""A request is cancelled at each of its awaits in turn: nothing is left half done, or open."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import MetaData, func, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import AsyncSession, Database, Model, SyncSession
from tests.core.harness import make_request

STEPS = 200


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Deed(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]


@types.coroutine
def cancelled_at(work: Coroutine[Any, Any, Any], step: int) -> Generator[Any, Any, bool]:
    """Run a coroutine, and cancel the task it is in at one of its awaits; say whether it came."""
    waits = 0
    value, error = None, None
    while True:
        try:
            future = work.send(value) if error is None else work.throw(error)
        except StopIteration:
            return waits >= step
        value, error = None, None
        waits += 1
        if waits == step:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        try:
            value = yield future
        except BaseException as raised:
            error = raised


async def cut_off(work: Coroutine[Any, Any, Any], step: int) -> bool:
    return await cancelled_at(work, step)


def make_app(url: str) -> tuple[App, Database]:
    database = Database(url, create=True, metadata=Base.metadata, pool_size=2)
    app = App(extensions=[database])

    @app.post("/deeds/{number:int}")
    async def create(number: int, db: AsyncSession) -> int:
        db.add(Deed(number=number))
        await db.flush()
        async with db.begin_nested():
            await db.execute(select(func.count(Deed.id)))
        return number

    @app.get("/deeds")
    async def index(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Deed.id))) or 0

    @app.post("/plain/deeds/{number:int}")
    def create_plain(number: int, db: SyncSession) -> int:
        db.add(Deed(number=number))
        db.flush()
        return number

    @app.get("/plain/deeds")
    def index_plain(db: SyncSession) -> int:
        return db.scalar(select(func.count(Deed.id))) or 0

    return app, database


def checked_out(database: Database) -> int:
    engines = database.engines
    pools = [engines.writer.pool, engines.reader.pool]
    pools += [engines.plain_writer.pool, engines.plain_reader.pool]
    return sum(pool.checkedout() for pool in pools)


async def sweep(app: App, database: Database, method: str, path: str) -> int:
    """Cancel at every await, look after each, and return how many there were."""
    for step in range(1, STEPS):
        request = make_request(app, method, path.format(step))
        before = asyncio.all_tasks()
        task = asyncio.create_task(cut_off(app.respond(request), step))
        came = True
        with suppress(asyncio.CancelledError):
            came = await task
        left = asyncio.all_tasks() - before  # a thread cannot be stopped: its task ends with it
        if left:
            assert path.startswith("/plain"), f"a task is left at step {step}"
            await asyncio.wait(left, timeout=5)
        assert asyncio.all_tasks() <= before, f"a task is left at step {step}"
        assert checked_out(database) == 0, f"a connection is out at step {step}"
        if not came:
            return step
    raise AssertionError("there is no end of awaits")


@pytest.mark.parametrize("prefix", ["", "/plain"])
@pytest.mark.parametrize("warm", [False, True])
def test_a_request_that_writes_is_done_or_not(url, prefix, warm):
    app, database = make_app(url)

    async def main() -> None:
        async with app.running():
            if warm:  # connections are there: these awaits are others than those of opening one
                await app.respond(make_request(app, "POST", f"{prefix}/deeds/0"))
            steps = await sweep(app, database, "POST", f"{prefix}/deeds/{{}}")
            answer = await app.respond(make_request(app, "POST", f"{prefix}/deeds/1000"))
            async with database.session(read_only=True) as db:
                numbers = list(await db.scalars(select(Deed.number)))

        assert answer.status == 200
        assert {steps, 1000} <= set(numbers)  # what was answered is there
        assert len(numbers) == len(set(numbers))
        if not prefix:
            assert steps > 5
            assert set(range(1, 3)).isdisjoint(numbers)  # what was cancelled early is not

    asyncio.run(main())


@pytest.mark.parametrize("prefix", ["", "/plain"])
def test_a_request_that_reads_leaves_nothing_open(url, prefix):
    app, database = make_app(url)

    async def main() -> None:
        async with app.running():
            await sweep(app, database, "GET", f"{prefix}/deeds")
            answer = await app.respond(make_request(app, "GET", f"{prefix}/deeds"))

        assert answer.body == b"0"

    asyncio.run(main())
