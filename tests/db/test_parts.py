import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from msgspec import Struct
from sqlalchemy import ForeignKey, Integer, MetaData, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, selectinload

from gambrel import App, GambrelError, Request, ResponseHeaders
from gambrel.db import (
    AsyncSession,
    Database,
    Model,
    SoftDelete,
    Timestamps,
    UUIDKey,
    Versioned,
    check_match,
    etag_of,
    uuid7,
)
from gambrel.testing import AsyncClient, Client
from tests.db import running


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Post(UUIDKey, Timestamps, SoftDelete, Versioned, Base):
    title: Mapped[str]


class Plain(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class PostPublic(Struct):
    title: str
    version: int


def make_database(url: str) -> Database:
    return Database(url, create=True, metadata=Base.metadata)


def run(url: str, *works: Any) -> Any:
    return running.run(Base, url, *works)


async def a_post(db: AsyncSession) -> None:
    db.add(Post(title="First"))


async def the_post(db: AsyncSession) -> Post:
    return await db.one_or_404(select(Post))


def test_times_are_set_by_themselves(url):
    async def change(db: AsyncSession) -> tuple[datetime, datetime]:
        post = await the_post(db)
        before = post.updated_at
        post.title = "Second"
        await db.flush()
        return before, post.updated_at

    before, after = run(url, a_post, change)
    post = run(url, the_post)

    assert post.created_at <= before < after <= datetime.now(UTC) + timedelta(seconds=1)


def test_a_row_that_was_never_changed_has_one_moment(url):
    post = run(url, a_post, the_post)

    assert post.created_at == post.updated_at


def test_a_key_is_known_before_its_row_is_written(url):
    made = Post(title="First")

    async def add(db: AsyncSession) -> None:
        db.add(made)

    assert made.id.version == 7
    assert run(url, add, the_post).id == made.id


def test_rows_that_a_statement_inserts_have_their_keys_from_it(url):
    async def work(db: AsyncSession) -> UUID:
        await db.execute(insert(Post), [{"title": "First"}])
        return (await the_post(db)).id

    assert run(url, work).version == 7


def test_a_uuid_says_when_and_no_two_are_out_of_order():
    made = [uuid7() for _ in range(10_000)]

    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    millis = made[0].int >> 80
    assert abs(millis / 1000 - datetime.now(UTC).timestamp()) < 60


def test_a_row_that_is_deleted_softly_stays_and_is_not_seen(url):
    async def delete(db: AsyncSession) -> None:
        await db.delete(await the_post(db))

    async def look(db: AsyncSession) -> list[int]:
        seen = await db.scalar(select(func.count(Post.id)))
        everything = select(func.count(Post.id)).execution_options(include_deleted=True)
        return [seen or 0, await db.scalar(everything) or 0]

    assert run(url, a_post, delete, look) == [0, 1]


class Blog(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    notes: Mapped[list["Note"]] = relationship(cascade="all, delete-orphan")


class Note(SoftDelete, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    blog_id: Mapped[int | None] = mapped_column(ForeignKey("blog.id"))


def test_an_orphan_that_would_be_gone_for_good_is_refused(sqlite):
    async def a_blog(db: AsyncSession) -> None:
        db.add(Blog(id=1, notes=[Note()]))

    async def clear(db: AsyncSession) -> None:
        blog = await db.get_or_404(Blog, 1, options=[selectinload(Blog.notes)])
        blog.notes.clear()

    async def count(db: AsyncSession) -> int:
        return await db.scalar(select(func.count(Note.id))) or 0

    with pytest.raises(GambrelError, match="deleted for good"):
        run(sqlite, a_blog, clear)
    assert run(sqlite, count) == 1


def test_rows_of_other_models_are_deleted(sqlite):
    async def work(db: AsyncSession) -> int:
        plain = Plain()
        db.add(plain)
        await db.flush()
        await db.delete(plain)
        await db.flush()
        return await db.scalar(select(func.count(Plain.id))) or 0

    assert run(sqlite, work) == 0


class Guarded(Versioned, Base):
    __abstract__ = True


class Page(Versioned, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="page")
    title: Mapped[str] = mapped_column(default="")

    __mapper_args__: ClassVar[Any] = {"polymorphic_on": "kind", "polymorphic_identity": "page"}


class Article(Page):
    __mapper_args__: ClassVar[Any] = {"polymorphic_identity": "article"}


class Chapter(Guarded):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="")

    __mapper_args__: ClassVar[Any] = {"confirm_deleted_rows": True}


@pytest.mark.parametrize("model", [Post, Page, Article, Chapter])
def test_a_version_changes_whatever_else_the_model_says_of_itself(url, model):
    async def work(db: AsyncSession) -> list[int]:
        row = model(title="First")
        db.add(row)
        await db.flush()
        versions = [row.version]
        row.title = "Second"
        await db.flush()
        return [*versions, row.version]

    assert run(url, work) == [1, 2]


def test_a_version_that_would_never_change_is_refused():
    with pytest.raises(GambrelError, match="its version would never change") as raised:
        type("Late", (Base, Versioned), {"id": mapped_column(Integer, primary_key=True)})

    assert raised.value.hint == "class Late(Versioned, Model), in this order"


def make_app(url: str) -> App:
    app = App(extensions=[make_database(url)])

    @app.get("/post", returns=PostPublic)
    async def show(db: AsyncSession, headers: ResponseHeaders) -> Post:
        post = await the_post(db)
        headers["etag"] = str(etag_of(post))
        return post

    @app.put("/post/{title}", returns=PostPublic)
    async def change(title: str, db: AsyncSession, request: Request) -> Post:
        post = await the_post(db)
        check_match(request, post, required=True)
        post.title = title
        await db.flush()
        return post

    return app


def test_who_has_seen_an_older_version_does_not_overwrite_it(url):
    run(url, a_post)
    with Client(make_app(url)) as client:
        tag = client.get("/post").headers["etag"]
        first = client.put("/post/Second", headers={"if-match": tag})
        late = client.put("/post/Third", headers={"if-match": tag})
        silent = client.put("/post/Fourth")
        now = client.get("/post").json()

    assert tag == '"1"'
    assert first.json() == {"title": "Second", "version": 2}
    assert (late.status_code, silent.status_code) == (412, 428)
    assert now == {"title": "Second", "version": 2}


def test_of_two_changes_at_once_one_is_a_conflict(url):
    app = App(extensions=[make_database(url)])
    read, changed = asyncio.Event(), asyncio.Event()

    @app.post("/slow")
    async def slow(database: Database) -> None:
        async with database.session(read_only=True) as reading:
            post = await the_post(reading)
        async with database.session() as db:
            db.add(post)
            read.set()
            await changed.wait()
            post.title = "Slow"

    @app.post("/fast")
    async def fast(db: AsyncSession) -> None:
        await read.wait()
        (await the_post(db)).title = "Fast"
        db.after_commit(changed.set)

    run(url, a_post)

    async def main() -> list[int]:
        async with AsyncClient(app) as client:
            answers = await asyncio.gather(client.post("/slow"), client.post("/fast"))
            return [answer.status_code for answer in answers]

    assert asyncio.run(main()) == [409, 204]
    assert run(url, the_post).title == "Fast"
