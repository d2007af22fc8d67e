"""What is left to be written is written within the time of a request; a COMMIT is a COMMIT."""

import asyncio
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from sqlalchemy import ForeignKey, MetaData, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import AsyncSession, Database, Model, SyncSession, units
from tests.core.harness import make_request


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Deed(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)


def make_database(url: str) -> Database:
    return Database(url, create=True, metadata=Base.metadata)


@pytest.mark.service("postgres")
def test_what_waits_for_a_lock_as_it_is_written_ends_at_the_deadline(postgres):
    database = make_database(postgres)
    app = App(extensions=[database])

    @app.post("/deeds", deadline=0.3)
    async def create(db: AsyncSession) -> None:
        db.add(Deed(number=1))  # written when the handler has returned

    async def main() -> float:
        async with app.running(), database.session() as other:
            other.add(Deed(number=1))
            await other.flush()
            begun = asyncio.get_running_loop().time()
            answer = await app.respond(make_request(app, "POST", "/deeds"))
            seconds = asyncio.get_running_loop().time() - begun
            assert answer.status == 503
        return seconds

    assert asyncio.run(main()) < units.LIMIT  # as long as a COMMIT may take


def test_what_is_left_is_written_where_a_cancellation_ends_it(url):
    database = make_database(url)
    tasks: list[Any] = []

    async def main() -> None:
        async with database.running(), database.session() as db:
            db.add(Deed(number=1))
            event.listen(
                db.sync_session, "after_flush", lambda *_: tasks.append(asyncio.current_task())
            )
            tasks.append(asyncio.current_task())

    asyncio.run(main())

    assert len(tasks) == 2
    assert tasks[0] is tasks[1]  # a COMMIT has a task of its own


async def swallow(db: AsyncSession) -> None:
    with suppress(DBAPIError):
        await db.execute(text("SELECT * FROM nowhere"))


async def swallow_around_savepoint(db: AsyncSession) -> None:
    with suppress(DBAPIError):
        async with db.begin_nested():
            await db.execute(text("SELECT * FROM nowhere"))


@pytest.mark.parametrize("prefix", ["", "/plain"])
@pytest.mark.parametrize("careful", [False, True])
def test_an_error_that_is_caught_does_not_undo_what_the_client_is_told_is_kept(
    url, prefix, careful
):
    database = make_database(url)
    app = App(extensions=[database])

    @app.post("/deeds")
    async def create(db: AsyncSession) -> None:
        await db.execute(insert(Deed).values(number=1))
        await (swallow_around_savepoint if careful else swallow)(db)

    @app.post("/plain/deeds")
    def create_plain(db: SyncSession) -> None:
        db.execute(insert(Deed).values(number=1))
        with suppress(DBAPIError), db.begin_nested() if careful else nullcontext():
            db.execute(text("SELECT * FROM nowhere"))

    async def main() -> tuple[int, int]:
        async with app.running():
            answer = await app.respond(make_request(app, "POST", f"{prefix}/deeds"))
            async with database.session(read_only=True) as db:
                return answer.status, await db.scalar(select(func.count(Deed.id))) or 0

    is_undone = url.startswith("postgresql") and not careful
    assert asyncio.run(main()) == ((500, 0) if is_undone else (204, 1))


def test_what_follows_a_commit_is_called_though_the_request_was_cancelled_meanwhile(url):
    told: list[str] = []
    database = make_database(url)

    async def tell(text: str) -> None:
        await asyncio.sleep(0)
        told.append(text)

    async def main() -> None:
        async with database.running():
            task = asyncio.create_task(write())
            await asyncio.wait([task])
            async with database.session(read_only=True) as db:
                assert await db.scalar(select(func.count(Deed.id))) == 1
            assert task.cancelled()

    async def write() -> None:
        task = asyncio.current_task()
        assert task is not None
        async with database.session() as db:
            db.add(Deed(number=1))
            await db.flush()
            db.after_commit(tell, "kept")
            event.listen(db.sync_session, "before_commit", lambda _: task.cancel())

    asyncio.run(main())

    assert told == ["kept"]


class Late(Model):
    __abstract__ = True
    metadata = MetaData()


class Whole(Late):
    id: Mapped[int] = mapped_column(primary_key=True)


class Part(Late):
    id: Mapped[int] = mapped_column(primary_key=True)
    of: Mapped[int] = mapped_column(ForeignKey("whole.id", deferrable=True, initially="DEFERRED"))


@pytest.mark.parametrize("kind", ["async", "plain"])
def test_a_refused_commit_leaves_nothing_to_the_next(sqlite, kind):
    """SQLite keeps a transaction whose COMMIT it has refused, with its lock."""
    database = Database(sqlite, create=True, metadata=Late.metadata)

    async def main() -> int:
        async with database.running():
            with pytest.raises(DBAPIError, match="FOREIGN KEY"):
                await write(Part(of=99))
            await write(Whole())
            async with database.session(read_only=True) as db:
                return await db.scalar(select(func.count(Whole.id))) or 0

    async def write(row: Any) -> None:
        if kind == "plain":
            await asyncio.to_thread(write_plain, row)
        else:
            async with database.session() as db:
                db.add(row)

    def write_plain(row: Any) -> None:
        with database.plain_session() as db:
            db.add(row)

    assert asyncio.run(main()) == 1


def test_a_unit_that_has_read_ends_at_once_unless_others_hear_of_commits(url):
    database = make_database(url)
    heard: list[str] = []

    async def main() -> None:
        async with database.running():
            async with database.session(read_only=True) as db:
                await db.scalars(select(Deed))
                is_soon = url.startswith(("sqlite", "postgres"))
                assert units.ends_now(db.sync_session) is is_soon
                hear = lambda session: heard.append("commit")  # noqa: E731
                event.listen(db.sync_session, "before_commit", hear)
                assert not units.ends_now(db.sync_session)
            assert heard == ["commit"]
            async with database.session() as db:
                db.add(Deed(number=1))
                await db.flush()
                assert not units.ends_now(db.sync_session)
            async with database.session(read_only=True) as db:
                assert await db.scalar(select(func.count(Deed.id))) == 1
                await db.commit()
                await db.execute(text("SELECT 1"))
                assert not units.begins_are_heard(db.sync_session)
                assert len(db.sync_session.begun) == 2

    asyncio.run(main())
