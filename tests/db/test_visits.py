import asyncio
from typing import Any

import pytest

from gambrel import App
from gambrel.core.http.errors import ServiceUnavailable
from gambrel.db import visits
from gambrel.db.visits import SessionStore
from gambrel.sessions import Session, Sessions
from gambrel.testing import Client


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
