"""On our server: an answer comes after its commit, and who leaves takes the transaction along."""

import http.client
import socket
import sqlite3
import time
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from gambrel import App
from gambrel.db import AsyncSession
from gambrel.testing import LiveServer
from tests.db.shop import Hero, Team, make_database


def ask(port: int, method: str, path: str) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_what_is_answered_is_in_the_file(sqlite):
    app = App(extensions=[make_database(sqlite)])

    @app.post("/heroes/{name}")
    async def create(name: str, db: AsyncSession) -> int:
        hero = Hero(name=name)
        db.add(hero)
        await db.flush()
        return hero.id

    with LiveServer(app) as server:
        for number in range(50):
            status, key = ask(server.port, "POST", f"/heroes/hero{number}")
            with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"))) as direct:
                found = direct.execute("SELECT name FROM hero WHERE id = ?", (int(key),)).fetchone()
            assert (status, found) == (200, (f"hero{number}",))


@pytest.mark.service("postgres")
def test_who_leaves_takes_a_statement_that_only_reads_along(postgres):
    app = App(extensions=[make_database(postgres)])

    @app.get("/slow")
    async def slow(db: AsyncSession) -> None:
        await db.execute(text("SELECT pg_sleep(60)"))

    engine = create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    running = text("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'")

    def wait_for(count: int) -> bool:
        with engine.connect() as connection:
            for _ in range(100):
                active = connection.scalar(text(f"{running} AND state = 'active'"))
                connection.rollback()
                if active == count:
                    return True
                time.sleep(0.05)
        return False

    with LiveServer(app) as server:
        client = socket.create_connection(("127.0.0.1", server.port))
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wait_for(1)
        client.close()
        assert wait_for(0)
    engine.dispose()


@pytest.mark.service("postgres")
def test_what_the_database_refuses_at_the_commit_is_no_success(postgres):
    app = App(extensions=[make_database(postgres)])

    @app.post("/late/{name}")
    async def late(name: str, db: AsyncSession) -> str:
        defer = "ALTER TABLE hero ALTER CONSTRAINT hero_team_id_fkey DEFERRABLE INITIALLY DEFERRED"
        await db.execute(text(defer))
        db.add(Team(name=name))
        db.add(Hero(name=name, team_id=99))
        await db.flush()
        return "done"

    with LiveServer(app) as server:
        status, _ = ask(server.port, "POST", "/late/x")

    engine = create_engine(postgres.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        rows = connection.scalar(text("SELECT count(*) FROM team"))
    engine.dispose()
    assert (status, rows) == (409, 0)
