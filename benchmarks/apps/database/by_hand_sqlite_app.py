"""Our server, and sqlite3 by hand, in the server's threads: a connection for each that reads, and
one that writes, for which writers wait in line, two seconds at most."""

import sqlite3
from contextlib import contextmanager
from threading import Lock, local

from data import EXTRA, FILE, PAGE, any_id, some_ids
from structs import Fortune, Post, PostCreate, Posts, World

from gambrel import App, ServiceUnavailable
from gambrel.templates import Template, Templates

FIND = "SELECT id, randomnumber FROM world WHERE id = ?"
PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "busy_timeout = 5000")
WAIT = 2.0
app = App(extensions=[Templates()])


def connected(*further: str) -> sqlite3.Connection:
    connection = sqlite3.connect(FILE, isolation_level=None, check_same_thread=False)
    for pragma in (*PRAGMAS, *further):
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Reader(local):
    def __init__(self) -> None:
        self.connection = connected("query_only = ON")


reader = Reader()
writer, turn = connected(), Lock()


@contextmanager
def writing():
    if not turn.acquire(timeout=WAIT):
        raise ServiceUnavailable("somebody else writes")
    try:
        writer.execute("BEGIN IMMEDIATE")
        try:
            yield writer
        except BaseException:
            writer.execute("ROLLBACK")
            raise
        writer.execute("COMMIT")
    finally:
        turn.release()


@contextmanager
def reading():
    connection = reader.connection
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("COMMIT")


def find(connection: sqlite3.Connection, id: int) -> World:
    return World(*connection.execute(FIND, (id,)).fetchone())


@app.get("/plaintext")
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/json")
async def message() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/db")
def row() -> World:
    return find(reader.connection, any_id())


@app.get("/db/session")
def row_in_transaction() -> World:
    with reading() as connection:
        return find(connection, any_id())


@app.get("/queries")
def rows(queries: int = 1) -> list[World]:
    with reading() as connection:
        return [find(connection, key) for key in some_ids(queries)]


@app.get("/fortunes")
def fortunes() -> Template:
    asked = reader.connection.execute("SELECT id, message FROM fortune")
    found = [Fortune(0, EXTRA), *(Fortune(*one) for one in asked)]
    found.sort(key=lambda one: one.message)
    return Template("fortunes.html", {"fortunes": found})


@app.post("/updates")
def updates(queries: int = 1) -> list[World]:
    with writing() as connection:
        found = [find(connection, key) for key in some_ids(queries)]
        for one in found:
            one.randomnumber = any_id()
        values = [(one.randomnumber, one.id) for one in found]
        connection.executemany("UPDATE world SET randomnumber = ? WHERE id = ?", values)
    return found


@app.post("/posts", status=201)
def create(sent: PostCreate) -> Post:
    values = (sent.title, sent.body, sent.score)
    with writing() as connection:
        sql = "INSERT INTO post (title, body, score) VALUES (?, ?, ?) RETURNING id"
        (key,) = connection.execute(sql, values).fetchone()
    return Post(key, *values)


@app.get("/posts")
def index(page: int = 1) -> Posts:
    with reading() as connection:
        (total,) = connection.execute("SELECT count(*) FROM post").fetchone()
        sql = "SELECT id, title, body, score FROM post ORDER BY id DESC LIMIT ? OFFSET ?"
        found = connection.execute(sql, (PAGE, (page - 1) * PAGE))
        return Posts([Post(*one) for one in found], page, total)
