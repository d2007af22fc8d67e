"""What Tornado users reach for beside requests is asyncio's own, and works inside an app."""

import asyncio
import time
from collections.abc import AsyncIterator

from msgspec import Struct

from gambrel import App
from gambrel.testing import Client


def test_a_periodic_task_lives_as_long_as_the_app():
    app, ticks, third = App(), [], asyncio.Event()

    async def every(seconds: float) -> None:
        while True:
            ticks.append("tick")
            if len(ticks) == 3:
                third.set()
            await asyncio.sleep(seconds)

    @app.lifespan
    async def beating() -> AsyncIterator[None]:
        app.tasks.spawn(every(0.001), name="beat")
        yield

    @app.get("/")
    async def home() -> int:
        await third.wait()
        return len(ticks)

    with Client(app) as client:
        assert client.get("/").json() >= 3
        assert app.tasks.get("beat") is not None
    assert app.tasks.get("beat") is None


def test_a_handler_calls_back_later_and_works_in_a_thread():
    app, called = App(), []

    @app.get("/")
    async def home() -> list[str]:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.call_soon(called.append, "soon")
        loop.call_later(0.001, done.set)
        await loop.run_in_executor(None, time.sleep, 0.01)
        await done.wait()
        return called

    with Client(app) as client:
        assert client.get("/").json() == ["soon"]


def test_tasks_are_awaited_together_as_they_come_and_for_so_long():
    app = App()

    async def work(number: int) -> int:
        await asyncio.sleep(number / 1000)
        return number

    @app.get("/")
    async def home() -> dict[str, list[int]]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(number)) for number in (2, 1)]
        come = [await one for one in asyncio.as_completed([work(30), work(1)])]
        try:
            async with asyncio.timeout(0.01):
                late = [await work(60_000)]
        except TimeoutError:
            late = []
        return {"together": [task.result() for task in tasks], "come": come, "late": late}

    with Client(app) as client:
        assert client.get("/").json() == {"together": [2, 1], "come": [1, 30], "late": []}


def test_requests_share_locks_conditions_and_queues():
    app = App()
    orders: asyncio.PriorityQueue[int] = asyncio.PriorityQueue(maxsize=2)
    free, open_for_all = asyncio.Semaphore(1), asyncio.Event()

    @app.post("/orders")
    async def order(number: int) -> None:
        await orders.put(number)

    @app.get("/orders")
    async def next_order() -> int:
        async with free, asyncio.timeout(1):
            return await orders.get()

    @app.post("/open")
    async def open_it() -> bool:
        open_for_all.set()
        return await open_for_all.wait()

    with Client(app) as client:
        client.post("/orders?number=2")
        client.post("/orders?number=1")
        assert [client.get("/orders").json() for _ in range(2)] == [1, 2]
        assert client.post("/open").json() is True


def test_a_server_of_streams_and_its_client_live_with_the_app():
    app = App()

    class Shouting(Struct):
        """The other protocol: where it is spoken."""

        port: int

    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readuntil(b"\n")).upper())
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @app.lifespan
    async def shouting() -> AsyncIterator[Shouting]:
        server = await asyncio.start_server(shout, "127.0.0.1", 0)
        yield Shouting(server.sockets[0].getsockname()[1])
        server.close()
        await server.wait_closed()

    @app.get("/")
    async def home(shouting: Shouting, word: str) -> str:
        loop = asyncio.get_running_loop()
        [(*_, address), *_] = await loop.getaddrinfo("127.0.0.1", shouting.port)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(f"{word}\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        return answer

    with Client(app) as client:
        assert client.get("/?word=hello").text == "HELLO\n"
