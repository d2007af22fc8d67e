import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

import pytest

from gambrel.core.app.app import App
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream
from gambrel.server.limits import Limits
from tests.server.apps import answering, echo_app
from tests.server.live import PATIENCE, ask, request, run, serving, until

pytestmark = pytest.mark.usefixtures("every_loop")


# Deadlines ---------------------------------------------------------------------------------------

QUICK = Limits(linger_timeout=0.1)


def test_a_handler_past_its_deadline_is_cancelled_and_answered_503():
    events = []
    app = answering(lambda: Response())

    @app.get("/slow", deadline=0.05)
    async def slow() -> str:
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            events.append("cleaned up")
        return "never"

    first, second = ask(app, "/slow", "/next", limits=QUICK)

    assert (first.status, second.body) == (503, b"next")
    assert first["content-type"] == "application/problem+json"
    assert first["retry-after"] == "1"
    assert events == ["cleaned up"]


def test_a_thread_past_its_deadline_is_answered_for_and_reported(caplog):
    async def main() -> tuple[bytes, int]:
        go = threading.Event()
        app = answering(lambda: Response())

        @app.get("/slow", deadline=0.05)
        def slow() -> str:
            go.wait(PATIENCE)
            return "late"

        async with serving(app, QUICK) as live:
            received = await live.talk(request("GET", "/slow"))
            pending = live.state.pending
            go.set()
            await until(lambda: live.state.pending == 0)
            return received, pending

    received, pending = run(main())

    assert received.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nconnection: close\r\n" in received
    assert pending == 1
    assert [r.message for r in caplog.records if r.name == "gambrel.server"] == [
        "GET /slow ended after its deadline; it was answered 503"
    ]


def test_a_handler_that_swallows_its_cancellation_is_answered_for():
    async def main() -> bytes:
        go = asyncio.Event()
        app = answering(lambda: Response())

        @app.get("/slow", deadline=0.05)
        async def slow() -> str:
            while not go.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await go.wait()
            return "late"

        async with serving(app, QUICK) as live:
            received = await live.talk(request("GET", "/slow"))
            go.set()
            await until(lambda: live.state.pending == 0)
            return received

    assert run(main()).startswith(b"HTTP/1.1 503 ")


def test_a_stream_has_no_deadline():
    async def main() -> bytes:
        app = App()

        @app.get("/", deadline=0.05)
        async def root() -> Response:
            async def pieces() -> AsyncIterator[bytes]:
                await asyncio.sleep(0.3)
                yield b"still here"

            return Stream(pieces())

        async with serving(app, QUICK) as live:
            return (await live.get("/")).body

    assert run(main()) == b"still here"


def test_a_handler_that_cancels_itself_is_answered_500():
    app = answering(lambda: Response())

    @app.get("/cancelled")
    async def cancelled() -> str:
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    first, second = ask(app, "/cancelled", "/next")

    assert (first.status, second.body) == (500, b"next")


# Clients that leave ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "option", "ends"),
    [
        ("GET", None, "cancelled"),
        ("POST", None, "finished"),
        ("GET", False, "finished"),
        ("POST", True, "cancelled"),
    ],
)
def test_safe_methods_are_cancelled_when_the_client_leaves_and_others_run_on(method, option, ends):
    async def main() -> list[str]:
        events: list[str] = []
        go = asyncio.Event()
        app = App()

        @app.route("/", methods=[method], cancel_on_disconnect=option)
        async def root() -> str:
            events.append("started")
            try:
                await go.wait()
            except asyncio.CancelledError:
                events.append("cancelled")
                raise
            events.append("finished")
            return ""

        async with serving(app) as live:
            client = await live.connect()
            await client.send(request(method, "/"))
            await until(lambda: events)
            client.close()
            await until(lambda: not live.state.connections)
            await asyncio.sleep(0.02)
            go.set()
            await until(lambda: live.state.is_quiet)
        return events

    assert run(main()) == ["started", ends]


def test_gone_tells_a_handler_that_its_client_has_left():
    async def main() -> list[str]:
        events: list[str] = []
        app = App()

        @app.post("/")
        async def root(request: Request) -> str:
            events.append("started")
            await request.gone()
            events.append("gone")
            return ""

        async with serving(app) as live:
            client = await live.connect()
            await client.send(request("POST", "/"))
            await until(lambda: events)
            client.close()
            await until(lambda: len(events) == 2)
        return events

    assert run(main()) == ["started", "gone"]


def test_a_client_that_half_closes_has_gone():
    async def main() -> bytes:
        app, _ = echo_app()

        @app.get("/forever")
        async def forever() -> str:
            await asyncio.sleep(PATIENCE)
            return ""

        async with serving(app) as live, await live.connect() as client:
            await client.send(request("GET", "/") + request("GET", "/forever"))
            client.writer.write_eof()
            return await client.rest()

    received = run(main())

    assert received.count(b"HTTP/1.1 ") == 1
