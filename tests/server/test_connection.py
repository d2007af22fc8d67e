import asyncio
import time

import pytest

from gambrel.core.app.app import App
from gambrel.server.connection import address
from gambrel.server.limits import Limits
from tests.server.live import PATIENCE, request, run, serving, until


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("127.0.0.1", 80), ("127.0.0.1", 80)),
        (("::1", 80, 0, 0), ("::1", 80)),
        ("", None),
        ("/run/app.sock", None),
        (None, None),
    ],
)
def test_an_address_is_host_and_port_where_the_socket_has_them(name, expected):
    assert address(name) == expected


@pytest.mark.usefixtures("every_loop")
def test_a_handler_whose_client_has_gone_keeps_its_deadline():
    async def main() -> list[str]:
        events: list[str] = []
        app = App()

        @app.post("/", deadline=0.2)
        async def slow() -> str:
            events.append("started")
            try:
                await asyncio.sleep(PATIENCE)
            finally:
                events.append("ended")
            return ""

        async with serving(app, Limits(linger_timeout=0.1)) as live:
            client = await live.connect()
            await client.send(request("POST", "/"))
            await until(lambda: events)
            client.close()
            await until(lambda: not live.state.connections)
            assert live.state.pending == 1
            await until(lambda: live.state.is_quiet)
            await until(lambda: not live.state.orphans)
        return events

    assert run(main()) == ["started", "ended"]


@pytest.mark.usefixtures("every_loop")
def test_answers_that_are_not_read_hold_back_further_requests():
    async def main() -> tuple[int, int]:
        answered = 0
        app = App()

        @app.get("/")
        async def root() -> bytes:
            nonlocal answered
            answered += 1
            return bytes(100_000)

        async with serving(app) as live, await live.connect() as client:
            client.writer.transport.pause_reading()
            await client.send(request("GET", "/") * 500)
            before = -1
            while before != answered:
                before = answered
                await asyncio.sleep(0.1)
            client.writer.transport.resume_reading()
            for _ in range(500):
                await client.answer()
            return before, answered

    before, answered = run(main())

    assert before < 200
    assert answered == 500


@pytest.mark.usefixtures("every_loop")
def test_a_client_that_reads_steadily_gets_all_of_a_large_answer():
    size = 20_000_000

    async def main() -> tuple[int, float]:
        app = App()

        @app.get("/")
        async def large() -> bytes:
            return bytes(size)

        async with (
            serving(app, Limits(write_timeout=0.2)) as live,
            await live.connect() as client,
        ):
            await client.send(request("GET", "/"))
            await client.head()
            since, received = time.monotonic(), 0
            while received < size:
                received += len(await client.exactly(100_000))
                await asyncio.sleep(0.004)
            return received, time.monotonic() - since

    received, seconds = run(main())

    assert received == size
    assert seconds > 0.8
