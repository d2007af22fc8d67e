import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gambrel import App
from gambrel.core.http.types import Receive, Scope, Send
from gambrel.testing import AsyncClient, Client
from gambrel.testing.running import LoopThread, asgi_lifespan, call


def test_the_lifespan_runs_around_the_requests_in_one_task():
    tasks: list[Any] = []
    app = App()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        tasks.append(asyncio.current_task())
        yield
        tasks.append(asyncio.current_task())

    with Client(app):
        assert len(tasks) == 1

    assert tasks[0] is tasks[1]


def test_an_error_at_start_up_is_raised_where_the_client_is_entered():
    app = App()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    with pytest.raises(ConnectionError, match="no database"), Client(app):
        pass

    assert not [thread for thread in threading.enumerate() if thread.name == "gambrel-test"]


def test_an_error_at_shutdown_is_raised_where_the_client_is_left():
    app = App()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        yield
        raise ConnectionError("not flushed")

    with pytest.raises(ConnectionError, match="not flushed"), Client(app):
        pass


def test_errors_of_the_lifespan_are_raised_by_the_async_client_too():
    app = App()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        yield
        raise ConnectionError("not flushed")

    async def enter() -> None:
        async with AsyncClient(app):
            pass

    with pytest.raises(ConnectionError, match="not flushed"):
        asyncio.run(enter())


def test_an_async_client_may_be_entered_and_left_by_different_tasks():
    app = App()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        async with asyncio.timeout(None):
            yield

    async def apart() -> bool:
        client = AsyncClient(app)
        await asyncio.create_task(client.__aenter__())
        await asyncio.create_task(client.__aexit__())
        return client.is_closed

    assert asyncio.run(apart())


def test_an_asgi_app_without_lifespan_has_none():
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

    async def open_and_close() -> str:
        async with asgi_lifespan(app):
            return "open"

    assert asyncio.run(open_and_close()) == "open"


@pytest.mark.parametrize("moment", ["startup", "shutdown"])
def test_a_failure_that_an_asgi_app_announces_is_raised(moment: str):
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            asked = (await receive())["type"].rpartition(".")[2]
            if asked == moment:
                await send({"type": f"lifespan.{moment}.failed", "message": "out of luck"})
                return
            await send({"type": f"lifespan.{asked}.complete"})

    async def open_and_close() -> None:
        async with asgi_lifespan(app):
            pass

    with pytest.raises(RuntimeError, match="out of luck"):
        asyncio.run(open_and_close())


def test_the_errors_of_an_app_inside_asgi_middleware_are_its_own():
    app = App()

    @app.lifespan
    async def opens() -> AsyncIterator[None]:
        raise ConnectionError("no database")
        yield

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    with pytest.raises(ConnectionError, match="no database"), Client(wrapped):
        pass


def test_an_error_on_the_loop_of_a_thread_is_raised_by_the_caller():
    async def fail() -> None:
        raise LookupError("there")

    with LoopThread() as thread, pytest.raises(LookupError, match="there"):
        call(thread.loop, fail)
