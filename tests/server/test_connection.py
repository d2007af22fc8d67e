import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated

import pytest
from websockets.asyncio.client import connect

from gambrel import App, Depends, WebSocket
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
            serving(app, Limits(write_timeout=0.6)) as live,
            await live.connect() as client,
        ):
            await client.send(request("GET", "/"))
            await client.head()
            since, received = time.monotonic(), 0
            while received < size:
                received += len(await client.exactly(100_000))
                await asyncio.sleep(0.01)
            return received, time.monotonic() - since

    received, seconds = run(main())

    assert received == size
    assert seconds > 1.8


def counting_app(journal: list[str]) -> App:
    """Return an app whose connections have a number, and tell when that is given back."""
    app = App()

    async def line() -> AsyncIterator[int]:
        number = journal.count("open") + 1
        journal.append("open")
        yield number
        journal.append(f"close {number}")

    shared = Annotated[int, Depends(line, scope="connection")]

    @app.get("/")
    async def which(line: shared) -> int:
        return line

    @app.post("/slow")
    async def slow(line: shared) -> int:
        journal.append("work")
        await asyncio.sleep(0.1)
        journal.append(f"with {line}")
        return line

    @app.websocket("/socket")
    async def socket(ws: WebSocket, line: shared) -> None:
        await ws.send(str(line))
        async for _ in ws:
            pass
        journal.append(f"socket {line}")

    return app


def test_what_belongs_to_a_connection_serves_all_its_requests_and_ends_with_it():
    journal: list[str] = []

    async def main() -> list[bytes]:
        bodies = []
        async with serving(counting_app(journal)) as live:
            for _ in range(2):
                async with await live.connect() as client:
                    for _ in range(2):
                        await client.send(request("GET", "/"))
                        bodies.append((await client.answer()).body)
                await until(lambda: len(live.state.connections) == 0)
            await until(lambda: "close 2" in journal)
        return bodies

    assert run(main()) == [b"1", b"1", b"2", b"2"]
    assert journal == ["open", "close 1", "open", "close 2"]


def test_what_belongs_to_a_connection_is_there_until_nobody_works_with_it():
    journal: list[str] = []

    async def main() -> None:
        async with serving(counting_app(journal)) as live:
            async with await live.connect() as client:
                await client.send(request("POST", "/slow"))
                await until(lambda: "work" in journal)
            await until(lambda: "close 1" in journal)

    run(main())

    assert journal == ["open", "work", "with 1", "close 1"]


def test_what_belongs_to_a_connection_stays_with_the_socket_it_becomes():
    journal: list[str] = []

    async def main() -> str | bytes:
        async with serving(counting_app(journal)) as live:
            async with connect(f"ws://127.0.0.1:{live.port}/socket") as ws:
                number = await ws.recv()
                assert journal == ["open"]
            await until(lambda: "close 1" in journal)
        return number

    assert run(main()) == "1"
    assert journal == ["open", "socket 1", "close 1"]


def test_what_belongs_to_a_connection_and_fails_to_close_is_logged(caplog):
    app = App()

    async def line() -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("the line is broken")

    @app.get("/")
    async def which(line: Annotated[int, Depends(line, scope="connection")]) -> int:
        return line

    async def main() -> bytes:
        async with serving(app) as live:
            answer = await live.get("/")
            await until(lambda: caplog.records)
            return answer.body

    assert run(main()) == b"1"
    assert "closing what belongs to a connection failed" in caplog.text
    assert "the line is broken" in caplog.text
