"""Gambrel's fast path: statements compiled once, rows straight into structs."""

import gambrel_models as models
from data import EXTRA, PAGE, URL, any_id, some_ids
from sqlalchemy import bindparam, func, insert, select, update
from structs import Fortune, Post, PostCreate, Posts, Total, World

from gambrel import App
from gambrel.db import AsyncSession, Database, compiled
from gambrel.templates import Template, Templates

app = App(extensions=[Database(URL), Templates()])

FIND = compiled(select(models.World).where(models.World.id == bindparam("id")), into=World)
SET = compiled(
    update(models.World)
    .values(randomnumber=bindparam("number"))
    .where(models.World.id == bindparam("key"))
)
FORTUNES = compiled(select(models.Fortune), into=Fortune)
CREATE = compiled(
    insert(models.Post)
    .values(title=bindparam("title"), body=bindparam("body"), score=bindparam("score"))
    .returning(models.Post.id, models.Post.title, models.Post.body, models.Post.score),
    into=Post,
)
LIST = compiled(
    select(models.Post)
    .order_by(models.Post.id.desc())
    .limit(PAGE)
    .offset(bindparam("offset", type_=models.Post.id.type)),
    into=Post,
)


COUNT = compiled(select(func.count(models.Post.id).label("total")), into=Total)


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
async def row(database: Database) -> World:
    return await FIND.one(database, id=any_id())


@app.get("/db/session")
async def row_in_session(db: AsyncSession) -> World:
    return await FIND.one(db, id=any_id())


@app.get("/queries")
async def rows(db: AsyncSession, queries: int = 1) -> list[World]:
    return [await FIND.one(db, id=key) for key in some_ids(queries)]


@app.get("/fortunes")
async def fortunes(database: Database) -> Template:
    found = await FORTUNES.all(database)
    found.append(Fortune(0, EXTRA))
    found.sort(key=lambda one: one.message)
    return Template("fortunes.html", {"fortunes": found})


@app.post("/updates")
async def updates(db: AsyncSession, queries: int = 1) -> list[World]:
    found = [await FIND.one(db, id=key) for key in some_ids(queries)]
    for one in found:
        one.randomnumber = any_id()
    await SET.run_many(db, [{"key": one.id, "number": one.randomnumber} for one in found])
    return found


@app.post("/posts", status=201)
async def create(sent: PostCreate, db: AsyncSession) -> Post:
    return await CREATE.one(db, title=sent.title, body=sent.body, score=sent.score)


@app.get("/posts")
async def index(db: AsyncSession, page: int = 1) -> Posts:
    total = (await COUNT.one(db)).total
    return Posts(await LIST.all(db, offset=(page - 1) * PAGE), page, total)
