import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gambrel import App
from gambrel.observability.health import HEALTH_CHECKS, Health, HealthCheck
from gambrel.server.limits import Limits
from gambrel.testing import Client
from tests.server.live import request, run, serving, until

PATHS = ("/health/live", "/health/ready", "/health/startup")


class Database:
    is_gone = False

    async def ping(self) -> None:
        if self.is_gone:
            raise ConnectionRefusedError("db.internal:5432")


def app_with(*checks: HealthCheck, **options: Any) -> App:
    app = App(extensions=[Health(**options)], defaults=())
    for check in checks:
        app.setup.add(HEALTH_CHECKS, check)
    return app


def test_three_endpoints_answer():
    with Client(app_with()) as client:
        answers = [client.get(path) for path in PATHS]

    assert [(a.status_code, a.json()["status"]) for a in answers] == [(200, "ok")] * 3


def test_head_is_a_probe_too():
    with Client(app_with()) as client:
        assert client.head("/health/live").status_code == 200


def test_paths_are_settings_and_an_empty_one_is_left_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GAMBREL_HEALTH__READY", "/readyz")
    with Client(app_with(startup="")) as client:
        found = {path: client.get(path).status_code for path in (*PATHS, "/readyz")}

    assert found == {
        "/health/live": 200,
        "/health/ready": 404,
        "/health/startup": 404,
        "/readyz": 200,
    }


def test_a_provider_that_pings_is_a_check():
    database = Database()
    app = app_with(keep=0)
    app.provide(Database, lambda: database, ping=Database.ping)

    with Client(app) as client:
        assert client.get("/health/ready").json()["checks"]["Database"]["status"] == "ok"
        database.is_gone = True
        broken = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200

    assert broken.status_code == 503
    assert broken.json()["checks"]["Database"]["detail"] == (
        "ConnectionRefusedError: db.internal:5432"
    )


def test_a_plain_ping_runs_in_a_thread_and_an_awaitable_of_it_is_awaited():
    threads = []

    def plain(value: Database) -> None:
        threads.append(threading.current_thread())

    app = app_with()
    app.provide(Database, Database, ping=plain)

    class Other(Database): ...

    app.provide(Other, Other, ping=lambda other: other.ping())

    with Client(app) as client:
        answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert threads[0] is not threading.main_thread()


def test_a_value_for_a_ping_is_closed_again():
    events = []

    async def database() -> AsyncIterator[Database]:
        events.append("open")
        yield Database()
        events.append("close")

    app = app_with()
    app.provide(Database, database, ping=lambda _: events.append("ping"))

    with Client(app) as client:
        client.get("/health/ready")

    assert events == ["open", "ping", "close"]


def test_a_check_has_dependencies():
    database = Database()

    async def check(given: Database) -> bool:
        return given is database

    app = app_with(HealthCheck("rows", check))
    app.provide(Database, lambda: database)

    with Client(app) as client:
        assert client.get("/health/ready").status_code == 200


def test_a_check_takes_the_place_of_the_ping_of_its_name():
    database = Database()
    database.is_gone = True

    async def lenient() -> None: ...

    app = app_with(HealthCheck("Database", lenient))
    app.provide(Database, lambda: database, ping=Database.ping)

    with Client(app) as client:
        assert client.get("/health/ready").status_code == 200


def test_providers_of_one_name_are_told_apart_by_their_modules():
    other = type("Database", (Database,), {"__module__": "other"})
    app = app_with()
    app.provide(Database, Database, ping=Database.ping)
    app.provide(other, other, ping=Database.ping)

    with Client(app) as client:
        assert list(client.get("/health/ready").json()["checks"]) == ["Database", "other.Database"]


def test_health_is_in_no_document():
    app = App(extensions=[Health()])

    with Client(app) as client:
        assert client.get("/openapi.json").json()["paths"] == {}


def test_probes_may_name_any_host_and_nothing_else_may():
    app = app_with()

    @app.get("/{rest:path}")
    async def rest(rest: str) -> str:
        return rest

    def ask(path: str) -> int:
        return int(client.get(path, headers={"host": "10.1.2.3:8000"}).status_code)

    with Client(app) as client:
        found = {path: ask(path) for path in (*PATHS, "/", "/health%2Flive", "/health/live/")}

    assert found == {
        **dict.fromkeys(PATHS, 200),
        "/": 400,
        "/health%2Flive": 400,
        "/health/live/": 400,
    }


def test_any_host_can_be_switched_off():
    with Client(app_with(any_host=False)) as client:
        assert client.get("/health/live", headers={"host": "10.1.2.3"}).status_code == 400


def test_on_the_native_server_probes_may_name_any_host():
    async def main() -> None:
        async with serving(app_with()) as live:
            for path, host, status in (
                ("/health/live", b"10.1.2.3:8000", 200),
                ("/health/live?x=1", b"10.1.2.3:8000", 200),
                ("/health/live", b"not a host", 400),
                ("/", b"10.1.2.3:8000", 400),
            ):
                wire = b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n"
                answer = await live.talk(wire % (path.encode(), host))
                assert int(answer.split()[1]) == status, (path, host)

    run(main())


def test_a_server_that_refuses_everything_else_answers_probes():
    app = app_with(HealthCheck("database", Database().ping))
    release = asyncio.Event()

    @app.get("/slow")
    async def slow() -> None:
        await release.wait()

    async def main() -> None:
        async with serving(app, Limits(pending=1)) as live, await live.connect() as busy:
            await busy.send(request("GET", "/slow"))
            await until(lambda: live.state.pending)
            assert (await live.get("/slow")).status == 503
            for path in PATHS:
                assert (await live.get(path)).status == 200
            release.set()
            assert (await busy.answer()).status == 204

    run(main())


def test_a_server_that_is_told_to_stop_is_not_ready_and_serves_on():
    app = app_with()

    @app.get("/")
    async def home() -> str:
        return "home"

    async def main() -> None:
        async with serving(app, Limits(shutdown_delay=60.0)) as live:
            assert (await live.get("/health/ready")).status == 200
            live.server.stop()
            await until(lambda: app.is_draining)
            ready = await live.get("/health/ready")
            assert (ready.status, ready.body) == (503, b'{"status":"draining"}')
            assert (await live.get("/health/live")).status == 200
            assert (await live.get("/")).status == 200
            live.server.stop(now=True)

    run(main())


def test_probes_leave_nothing_behind():
    app = app_with(HealthCheck("database", Database().ping), keep=0)

    async def main() -> None:
        async with serving(app) as live:
            before = len(asyncio.all_tasks())
            async with await live.connect() as client:
                for _ in range(200):
                    await client.send(request("GET", "/health/ready"))
                    assert (await client.answer()).status == 200
            await until(lambda: len(asyncio.all_tasks()) <= before)

    run(main())
