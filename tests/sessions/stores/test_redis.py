import asyncio
import socket
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from gambrel import App, GambrelError, ServiceUnavailable
from gambrel.sessions import MemoryStore, RedisStore, Session, Sessions
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


def test_where_that_is_wanted_a_visitor_is_a_stranger_while_redis_is_gone_and_loses_nothing(caplog):
    class Moody(MemoryStore):
        is_down = False

        async def load(self, key: str) -> Mapping[str, bytes] | None:
            if self.is_down:
                raise ServiceUnavailable("the store of sessions: gone")
            return await super().load(key)

    store = Moody()
    app = App(extensions=[Sessions(store=store, store_down="stranger")])

    @app.get("/")
    async def show(session: Session) -> int | None:
        return session.get("user")

    @app.post("/log-in")
    async def log_in(session: Session) -> None:
        session["user"] = 7
        session.rotate()

    @app.post("/log-out")
    async def log_out(session: Session) -> None:
        session.end()

    with Client(app) as client:
        client.post("/log-in")
        store.is_down = True
        shown = client.get("/")
        assert (shown.status_code, shown.json()) == (200, None)
        assert "set-cookie" not in shown.headers
        assert shown.headers["cache-control"] == "private, no-store"
        assert [client.post(path).status_code for path in ("/log-in", "/log-out")] == [503, 503]
        assert "taken for a stranger" in caplog.text
        store.is_down = False
        assert client.get("/").json() == 7
        assert len(store) == 1


@pytest.mark.service("redis")
def test_two_requests_at_a_time_lose_nothing_of_each_other_in_redis():
    """Twenty at a time, on two processes' worth of clients, each with a name of its own."""
    store = RedisStore(prefix="gambrel-test-tabs:")
    app = App(extensions=[Sessions(store=store)])

    @app.post("/put/{name}")
    async def put(name: str, session: Session) -> None:
        len(session)
        await asyncio.sleep(0.05)
        session[name] = 1

    @app.get("/")
    async def names(session: Session) -> list[str]:
        return sorted(session)

    @app.post("/end")
    async def end(session: Session) -> None:
        session.end()

    wanted = [f"n{number:02}" for number in range(20)]
    with Client(app) as client, ThreadPoolExecutor(20) as threads:
        client.post("/put/first")
        cookie = {"cookie": f"session={client.cookies['session']}"}
        list(threads.map(lambda name: client.post(f"/put/{name}", headers=cookie), wanted))
        assert client.get("/").json() == ["first", *wanted]
        client.post("/end")


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


@pytest.mark.service("redis")
def test_who_finds_no_connection_free_waits_for_one():
    async def main() -> list[object]:
        store = RedisStore(prefix="gambrel-test:", connections=3)
        found = await asyncio.gather(*[store.load(f"none-{n}") for n in range(40)])
        await store.close()
        return found

    assert asyncio.run(main()) == [None] * 40


@pytest.mark.service("redis")
def test_names_that_something_else_has_written_are_no_error():
    async def main() -> object:
        store = RedisStore(prefix="gambrel-test:")
        await store._client.hset("gambrel-test:odd", b"\xff", b"1")
        found = await store.load("odd")
        await store.end("odd")
        await store.close()
        return found

    assert asyncio.run(main()) == {"\ufffd": b"1"}
