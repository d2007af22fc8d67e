import asyncio
from typing import Any

import pytest

from gambrel import App
from gambrel.core.http.errors import ServiceUnavailable
from gambrel.db import Database, visits
from gambrel.db.visits import SessionStore
from gambrel.sessions import Session, Sessions
from gambrel.testing import Client

PATIENCE = 30  # seconds; never a measure


class Clock:
    """Time that passes when it is told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_what_has_ended_is_not_found_and_swept_away(monkeypatch):
    monkeypatch.setattr(visits, "SWEEP", 1)
    clock = Clock()

    async def main() -> list[Any]:
        store = SessionStore("sqlite://", clock=clock)
        await store.create("a", {"x": b"1"}, 60)
        clock.now += 61
        gone = [await store.load("a"), await store.update("a", {"x": b"2"}, (), 60)]
        await store.create("b", {"x": b"1"}, 60)
        async with store._unit(read_only=True) as db:
            left = list(
                await db.scalars(visits.VALUES.select().with_only_columns(visits.VALUES.c.key))
            )
        await store.close()
        return [*gone, left]

    assert asyncio.run(main()) == [None, False, ["b"]]


def test_visitors_are_known_after_a_restart(tmp_path):
    url = f"sqlite:///{tmp_path}/sessions.db"

    def make_app() -> App:
        app = App(extensions=[Sessions(store=SessionStore(url))], secret_keys=["k" * 32])

        @app.post("/")
        async def count(session: Session) -> int:
            session["visits"] = session.get("visits", 0) + 1
            return int(session["visits"])

        return app

    with Client(make_app()) as client:
        assert client.post("/").json() == 1
        kept = dict(client.cookies)
    with Client(make_app()) as client:
        client.cookies.update(kept)
        assert client.post("/").json() == 2


def test_two_processes_may_begin_at_once(tmp_path):
    async def main() -> list[Any]:
        stores = [SessionStore(f"sqlite:///{tmp_path}/sessions.db") for _ in range(4)]
        await asyncio.gather(*(s.create(str(n), {"x": b"1"}, 60) for n, s in enumerate(stores)))
        found = [await stores[0].load(str(n)) for n in range(4)]
        for store in stores:
            await store.close()
        return found

    assert asyncio.run(main()) == [{"x": b"1"}] * 4


def test_a_database_that_is_away_is_a_503():
    async def main() -> None:
        await SessionStore("postgresql://nobody:hunter22@127.0.0.1:1/none").load("a")

    with pytest.raises(ServiceUnavailable, match="does not answer") as caught:
        asyncio.run(main())

    assert "hunter22" not in str(caught.value)


def test_all_who_wait_for_a_database_that_is_silent_are_told_at_once():
    tried: list[asyncio.StreamWriter] = []

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(writer)

    async def main() -> list[Any]:
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        store = SessionStore(f"postgresql://me@127.0.0.1:{port}/none", connect_timeout=0.2)
        answers = await asyncio.gather(*[store.load("a") for _ in range(5)], return_exceptions=True)
        await store.close()
        server.close()
        for writer in tried:
            writer.close()
            await writer.wait_closed()
        return [type(answer) for answer in answers]

    assert asyncio.run(main()) == [ServiceUnavailable] * 5
    assert len(tried) == 1


@pytest.mark.parametrize("size", [70_000, 0])
def test_a_value_of_any_size_is_kept(url, size):
    async def main() -> Any:
        store = SessionStore(url)
        await store.create("a", {"x": b"1" * size}, 60)
        found = await store.load("a")
        await store.close()
        return found

    assert asyncio.run(main()) == {"x": b"1" * size}


def test_its_file_is_in_the_folder_of_the_app(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path / "kept"))
    app = App(extensions=[Sessions(store=SessionStore())], secret_keys=["k" * 32])

    @app.post("/")
    async def count(session: Session) -> None:
        session["visits"] = 1

    with Client(app) as client:
        client.post("/")

    assert (tmp_path / "kept" / "sessions.db").exists()


@pytest.mark.parametrize(
    ("store", "problems"), [("sqlite:///a.db", ["db.shared-file"]), ("sqlite:///b.db", [])]
)
def test_its_file_is_its_own(store, problems):
    extensions = [Sessions(store=SessionStore(store)), Database("sqlite:///./a.db")]
    app = App(extensions=extensions, secret_keys=["k" * 32])

    assert [one.id for one in app.problems() if one.id.startswith("db.")] == problems


def test_it_is_opened_again_on_another_loop(tmp_path):
    store = SessionStore(f"sqlite:///{tmp_path}/sessions.db")

    async def many() -> list[Any]:
        found = await asyncio.gather(*[store.load("a") for _ in range(5)])
        await store.close()
        return found

    assert asyncio.run(many()) == asyncio.run(many()) == [None] * 5
