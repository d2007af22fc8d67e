import asyncio
import socket
import sys

import pytest

from gambrel import App, GambrelError, ServiceUnavailable
from gambrel.sessions import RedisStore, Session, Sessions
from gambrel.testing import Client


def test_a_redis_that_is_not_there_is_a_503():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    app = App(extensions=[Sessions(store=RedisStore(f"redis://127.0.0.1:{port}/0"))])

    @app.get("/")
    async def show(session: Session) -> int:
        return len(session)

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    with Client(app) as client:
        assert client.get("/", headers={"cookie": "session=x"}).status_code == 503
        assert client.get("/").status_code == 200  # nobody has to be asked
        assert client.get("/plain").text == "plain"


def test_every_question_says_what_has_failed():
    async def main() -> None:
        store = RedisStore("redis://127.0.0.1:1/0")
        for question in (
            store.load("a"),
            store.create("a", {"x": b"1"}, 1),
            store.update("a", {"x": b"1"}, (), 1),
            store.end("a"),
        ):
            with pytest.raises(ServiceUnavailable, match="the store of sessions"):
                await question
        await store.close()

    asyncio.run(main())


@pytest.mark.service("redis")
def test_a_session_lives_in_redis_and_ends_by_itself():
    store = RedisStore(prefix="gambrel-test:")
    app = App(extensions=[Sessions(store=store)])

    @app.post("/")
    async def put(session: Session) -> None:
        session["a"] = 1

    @app.get("/")
    async def show(session: Session) -> int | None:
        return session.get("a")

    @app.post("/end")
    async def end(session: Session) -> None:
        session.end()

    @app.get("/left")
    async def left() -> list[int]:
        client = store._client
        return [await client.ttl(key) async for key in client.scan_iter("gambrel-test:*")]

    with Client(app) as client:
        client.post("/")
        assert client.get("/").json() == 1
        (seconds,) = client.get("/left").json()
        assert 7_000 < seconds <= 7_200
        client.post("/end")
        assert client.get("/left").json() == []


def test_what_is_missing_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(GambrelError, match=r"gambrel\[redis\]"):
        RedisStore()
