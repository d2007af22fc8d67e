"""Background tasks of an app: started anywhere while it runs, ended before it closes.

`app.tasks.spawn(...)` starts one. An error that ends a task is logged once, with its trace, and
announced as `ErrorReported`. Nothing here outlives the process: jobs that must, belong in a queue.
"""

import asyncio
import logging
import os
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from gambrel.core.app.events import ErrorReported, Events
from gambrel.core.http.errors import GambrelError

__all__ = ["Tasks", "not_running"]

T = TypeVar("T")

_CLEAN_UP = 5.0  # seconds
_log = logging.getLogger("gambrel.errors")


class Tasks:
    """The running tasks of one app; iterating gives them."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[asyncio.Task[Any], float] = {}

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(list(self._running))

    def get(self, name: str) -> asyncio.Task[Any] | None:
        """Return the running task of a name; the oldest, where several have it."""
        return next((task for task in self._running if task.get_name() == name), None)

    def spawn(
        self, work: Coroutine[Any, Any, T], *, name: str = "", grace: float = 0
    ) -> asyncio.Task[T]:
        """Run a coroutine beside requests, on the event loop of the app.

        When the app closes, it has `grace` seconds to end by itself; then it is cancelled. The
        task may be cancelled, forgotten or, on that loop, awaited. Worker threads may spawn, too.

        Raises GambrelError for what is no coroutine, and in a thread while the app is not running.
        """
        if not asyncio.iscoroutine(work):
            hint = "call the function: app.tasks.spawn(job()), and make it an `async def`"
            raise GambrelError("app.task", f"{work!r} is no coroutine", "app.tasks.spawn", hint)
        name = name or getattr(work, "__name__", "task")
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # in a worker thread
            if self.loop is None:
                raise not_running("a task") from None
            begun: Future[asyncio.Task[T]] = Future()
            begin = partial(self._start, work, name, grace)
            self.loop.call_soon_threadsafe(lambda: begun.set_result(begin()))
            return begun.result()
        return self._start(work, name, grace)

    def _start(self, work: Coroutine[Any, Any, T], name: str, grace: float) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(self._supervise(work, name), name=name)
        self._running[task] = grace
        task.add_done_callback(self._ended)
        task.add_done_callback(lambda _: work.close())  # it may have been cancelled before it began
        return task

    async def close(self) -> None:
        """End all tasks; one that takes long to clean up after itself is left behind and told."""
        loop = asyncio.get_running_loop()
        for task, grace in self._running.items():
            loop.call_later(grace, task.cancel)
        if self._running:
            longest = max(self._running.values())
            await asyncio.wait(self._running, timeout=longest + _CLEAN_UP)
        for task in self._running:
            _log.warning("the task %s did not end when it was cancelled", task.get_name())

    async def _supervise(self, work: Coroutine[Any, Any, T], name: str) -> T:
        try:
            return await work
        except Exception as error:
            incident = os.urandom(8).hex()
            _log.error("%s task %s", incident, name, exc_info=error)
            await self._events.emit(ErrorReported(error, incident, f"task {name}"))
            raise

    def _ended(self, task: asyncio.Task[Any]) -> None:
        del self._running[task]
        if not task.cancelled():
            task.exception()  # asked for, so that asyncio does not log it once more


def not_running(what: str) -> GambrelError:
    """Return the error of what came before the app was started, or after it has ended."""
    hint = "let the server run the lifespan, or use `async with app.running()`"
    return GambrelError("app.not-running", f"{what} came before the app was started", "", hint)
