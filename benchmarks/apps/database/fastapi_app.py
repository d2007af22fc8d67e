"""FastAPI with SQLAlchemy's async session, a session per request as its documentation has it."""

import os
from typing import Annotated

from data import CONNECTIONS, EXTRA, FILE, KIND, URL, any_id, some_ids
from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.templating import Jinja2Templates
from models import Fortune, World
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

DRIVER = os.environ.get("BENCH_DRIVER", "asyncpg")
address = f"sqlite+aiosqlite:///{FILE}" if KIND == "sqlite" else URL.replace(":", f"+{DRIVER}:", 1)
engine = create_async_engine(address, pool_size=CONNECTIONS, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)
templates = Jinja2Templates("templates")
app = FastAPI()

if KIND == "sqlite":

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection, _record):
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 5000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


async def session():
    async with Session() as opened:
        yield opened


Db = Annotated[AsyncSession, Depends(session)]


@app.get("/plaintext", response_class=PlainTextResponse)
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
async def row(db: Db) -> dict[str, int]:
    return (await db.get_one(World, any_id())).shown()


@app.get("/queries")
async def rows(db: Db, queries: int = 1) -> list[dict[str, int]]:
    return [(await db.get_one(World, key)).shown() for key in some_ids(queries)]


@app.get("/fortunes", response_class=HTMLResponse)
async def fortunes(request: Request, db: Db):
    found = [*await db.scalars(select(Fortune)), Fortune(id=0, message=EXTRA)]
    found.sort(key=lambda one: one.message)
    return templates.TemplateResponse(request, "fortunes.html", {"fortunes": found})


@app.post("/updates")
async def updates(db: Db, queries: int = 1) -> list[dict[str, int]]:
    found = [await db.get_one(World, key) for key in some_ids(queries)]
    for one in found:
        one.randomnumber = any_id()
    await db.commit()
    return [one.shown() for one in found]
