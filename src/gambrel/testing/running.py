"""Running an app for a client: its lifespan in one task, and a loop in a thread for sync tests.

The transports own one `Life` each. An app that runs already is shared, not started again.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self, TypeVar

from gambrel import GambrelError
from gambrel.core.http.types import ASGIApp, Message

__all__ = ["Life", "LoopThread", "call", "running_loop"]

T = TypeVar("T")


class Life:
    """The lifespan of an app, opened and closed in the same task whoever asks for it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the app. Raises what its start-up raises."""
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(opened))
        await asyncio.wait({self._task, opened}, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await self._task

    async def stop(self) -> None:
        """Close the app. Raises what its shutdown raises."""
        self._stop.set()
        if self._task is not None:
            await self._task

    async def _live(self, opened: asyncio.Future[None]) -> None:
        async with lifespan(self._app):
            opened.set_result(None)
            await self._stop.wait()


def lifespan(app: Any) -> AbstractAsyncContextManager[Any]:
    """Return the lifespan of a Gambrel app, or that of any ASGI app around one."""
    manager: AbstractAsyncContextManager[Any] = (
        app.running() if hasattr(app, "running") else asgi_lifespan(app)
    )
    return manager


@asynccontextmanager
async def asgi_lifespan(app: ASGIApp) -> AsyncIterator[None]:
    """Run the lifespan protocol of ASGI; an app that does not speak it has none."""
    received: asyncio.Queue[Message] = asyncio.Queue()
    sent: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(_coroutine(app(scope, received.get, sent.put)))
    await received.put({"type": "lifespan.startup"})
    has_one = await _answer(task, sent)
    try:
        yield
    finally:
        if has_one:
            await received.put({"type": "lifespan.shutdown"})
            await _answer(task, sent)
            await task


async def _coroutine(work: Awaitable[None]) -> None:
    await work


async def _answer(task: asyncio.Future[None], sent: asyncio.Queue[Message]) -> bool:
    """Return whether the app has answered a lifespan message. Raises where it says it failed."""
    answer = asyncio.ensure_future(sent.get())
    either: set[asyncio.Future[Any]] = {task, answer}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not answer.done():
        answer.cancel()
        task.exception()
        return False
    message = answer.result()
    if message["type"].endswith(".failed"):
        await task
        raise RuntimeError(message.get("message") or message["type"])
    return True


def running_loop(app: Any) -> asyncio.AbstractEventLoop | None:
    """Return the loop an app runs on already, or None."""
    pipeline = getattr(app, "pipeline", None)
    return None if pipeline is None else pipeline.loop


class LoopThread:
    """An event loop in a thread of its own; use with `with`."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, name="gambrel-test", daemon=True)
        self.loop: asyncio.AbstractEventLoop

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *failure: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _main(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._wait())

    async def _wait(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()


def call(loop: asyncio.AbstractEventLoop, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function on the loop of another thread and return its result."""
    if _loop_here() is loop:
        what = "a sync client waits for an app on the very event loop that runs the app"
        raise GambrelError("testing.same-loop", what, "Client", "use AsyncClient in async code")
    future = asyncio.run_coroutine_threadsafe(work(), loop)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _loop_here() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
