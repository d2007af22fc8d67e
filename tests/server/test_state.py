import asyncio
import threading
from collections.abc import AsyncIterator
from time import perf_counter

import pytest

from gambrel.core.app.app import App
from gambrel.core.app.setup import OBSERVERS
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response, Stream
from gambrel.server.limits import Limits
from tests.server.apps import echo_app
from tests.server.live import PATIENCE, request, run, serving, until

pytestmark = pytest.mark.usefixtures("every_loop")


def busy_app(go: asyncio.Event, gate) -> App:
    """Return an app with handlers that wait, on the loop and in threads, and one that does not."""
    app = App()

    @app.get("/wait")
    async def wait() -> str:
        await go.wait()
        return "waited"

    @app.get("/thread")
    def thread() -> str:
        gate.wait(PATIENCE)
        return "waited"

    @app.get("/")
    async def root() -> str:
        return "root"

    return app


@pytest.mark.parametrize("path", ["/wait", "/thread"])
def test_beyond_the_cap_requests_are_refused_at_once_until_there_is_room(path):
    async def main() -> None:
        go, gate = asyncio.Event(), threading.Event()
        async with serving(busy_app(go, gate), Limits(pending=3, retry_after=7)) as live:
            clients = [await live.connect() for _ in range(3)]
            for number, client in enumerate(clients, 1):
                await client.send(request("GET", path))
                await until(lambda number=number: live.state.pending == number)

            async with await live.connect() as late:
                await late.send(request("GET", path))
                refused = await late.answer()
                go.set()
                gate.set()
                served = [await client.answer() for client in clients]
                await late.send(request("GET", "/"))
                again = await late.answer()

            assert (refused.status, refused["retry-after"]) == (503, "7")
            assert refused["content-type"] == "application/problem+json"
            assert [answer.status for answer in served] == [200, 200, 200]
            assert again.status == 200
            for client in clients:
                client.close()

    run(main())


def test_who_was_refused_is_read_again_after_the_next_tick():
    async def main() -> tuple[int, bool, bool, int]:
        go = asyncio.Event()
        async with (
            serving(busy_app(go, None), Limits(pending=1)) as live,
            await live.connect() as busy,
            await live.connect() as late,
        ):
            await busy.send(request("GET", "/wait"))
            await until(lambda: live.state.pending == 1)
            await late.send(request("GET", "/wait"))
            refused = (await late.answer()).status
            (peer,) = live.state.refused
            go.set()
            await busy.answer()
            await late.send(request("GET", "/"))
            was_reading = peer.is_reading
            live.state.tick(live.state.clock.now)
            return refused, was_reading, peer.is_reading, (await late.answer()).status

    assert run(main()) == (503, False, True, 200)


def test_streams_in_progress_leave_room_for_requests():
    async def main() -> int:
        go = asyncio.Event()
        app = App()

        @app.get("/stream")
        async def stream() -> Response:
            async def pieces() -> AsyncIterator[bytes]:
                await go.wait()
                yield b"end"

            return Stream(pieces())

        @app.get("/")
        async def root() -> str:
            return "root"

        async with serving(app, Limits(pending=2)) as live:
            clients = [await live.connect() for _ in range(4)]
            for client in clients:
                await client.send(request("GET", "/stream"))
                assert (await client.head()).status == 200
            status = (await live.get("/")).status
            go.set()
            for client in clients:
                assert await client.chunk() == b"end"
                client.close()
            return status

    assert run(main()) == 200


def test_a_thousand_that_wait_for_news_leave_room_for_requests():
    async def main() -> tuple[int, int, set[bytes]]:
        news, waiting = asyncio.Event(), []
        app = App()

        @app.post("/poll", waits=True)
        async def poll(request: Request) -> bytes:
            told = await request.body()
            waiting.append(told)
            await news.wait()
            return told

        @app.get("/")
        async def root() -> str:
            return "root"

        async with serving(app) as live:
            clients = [await live.connect() for _ in range(1000)]
            whole = request("POST", "/poll", body=b"news")
            for number, client in enumerate(clients):
                await client.send(whole[:-1] if number % 2 else whole)
            for client in clients[1::2]:
                await client.send(whole[-1:])
            await until(lambda: len(waiting) == 1000)
            live.state.tick(live.state.clock.now)
            status, pending = (await live.get("/")).status, live.state.pending
            news.set()
            told = {(await client.answer()).body for client in clients}
            for client in clients:
                client.close()
            return status, pending, told

    assert run(main()) == (200, 0, {b"news"})


def test_that_a_worker_is_full_is_told_once(caplog):
    async def main() -> None:
        go = asyncio.Event()
        async with (
            serving(busy_app(go, None), Limits(pending=1)) as live,
            await live.connect() as busy,
        ):
            await busy.send(request("GET", "/wait"))
            await until(lambda: live.state.pending == 1)
            for _ in range(3):
                assert (await live.get("/wait")).status == 503
            go.set()
            assert (await busy.answer()).status == 200

    run(main())

    assert len(caplog.records) == 1
    assert "1 requests are in work, as many as may be" in caplog.text
    assert "waits=True" in caplog.text


def test_a_connection_that_fails_at_a_tick_keeps_no_other_from_it_and_is_told_once(caplog):
    class Broken:
        is_idle = False

        def tick(self, now: float, passed: float) -> None:
            seen.append(now)
            raise RuntimeError("broken")

    seen: list[float] = []

    async def main() -> None:
        async with serving(App()) as live:
            peers = {Broken(), Broken()}
            live.state.connections |= peers
            live.state.tick(1.0)
            live.state.tick(2.0)
            live.state.connections -= peers

    run(main())

    assert sorted(seen) == [1.0, 1.0, 2.0, 2.0]
    assert len(caplog.records) == 1


def test_uploads_that_stall_do_not_use_up_the_cap():
    async def main() -> int:
        app, _ = echo_app()
        async with serving(app, Limits(pending=2)) as live:
            stalled = [await live.connect() for _ in range(3)]
            for client in stalled:
                await client.send(request("POST", "/echo", b"Content-Length: 9\r\n") + b"x")
            await until(lambda: sum(c.exchange is not None for c in live.state.connections) == 3)
            status = (await live.get("/")).status
            for client in stalled:
                client.close()
            return status

    assert run(main()) == 200


def test_the_time_of_an_answer_counts_from_its_request_and_not_from_what_came_later():
    async def main() -> tuple[float, float]:
        app, seen = App(), []
        app.setup.add(OBSERVERS, lambda request, status, seconds: seen.append(seconds))

        @app.post("/upload")
        async def upload(request: Request) -> int:
            return len(await request.body())

        async with serving(app) as live, await live.connect() as client:
            whole = request("POST", "/upload", body=b"body")
            await client.send(whole[:-1])
            await until(lambda: any(peer.exchange for peer in live.state.connections))
            begun = perf_counter()
            await asyncio.sleep(0.01)
            passed = perf_counter() - begun
            await client.send(whole[-1:])
            await client.answer("POST")
        return seen[0], passed

    told, passed = run(main())
    assert told >= passed
