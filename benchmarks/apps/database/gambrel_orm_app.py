"""Gambrel's session: rows are loaded as models, and what is changed of them is written."""

import structs
from data import EXTRA, PAGE, URL, any_id, some_ids
from gambrel_models import Fortune, Post, World
from sqlalchemy import select

from gambrel import App
from gambrel.db import AsyncSession, Database, Page
from gambrel.templates import Template, Templates

app = App(extensions=[Database(URL), Templates()])


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db", returns=structs.World)
async def row(db: AsyncSession) -> World:
    return await db.get_or_404(World, any_id())


@app.get("/queries", returns=list[structs.World])
async def rows(db: AsyncSession, queries: int = 1) -> list[World]:
    return [await db.get_or_404(World, key) for key in some_ids(queries)]


@app.get("/fortunes")
async def fortunes(db: AsyncSession) -> Template:
    found = [*await db.scalars(select(Fortune)), Fortune(id=0, message=EXTRA)]
    found.sort(key=lambda one: one.message)
    return Template("fortunes.html", {"fortunes": found})


@app.post("/updates", returns=list[structs.World])
async def updates(db: AsyncSession, queries: int = 1) -> list[World]:
    found = [await db.get_or_404(World, key) for key in some_ids(queries)]
    for one in found:
        one.randomnumber = any_id()
    return found


@app.post("/posts", returns=structs.Post, status=201)
async def create(sent: structs.PostCreate, db: AsyncSession) -> Post:
    return await db.create(Post, sent)


@app.get("/posts", returns=Page[structs.Post])
async def index(db: AsyncSession, page: int = 1) -> Page[Post]:
    return await db.page(select(Post).order_by(Post.id.desc()), page, PAGE)
