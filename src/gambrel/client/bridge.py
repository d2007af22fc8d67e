"""`Bridge`: a thread has something done on the event loop of a client, and waits for it.

Connections, limits and circuits are those of the loop; what the caller itself brings, the pieces of
a body, stays in its thread. Knows no HTTP but the error that it tells.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

from gambrel.client.faults import CallAbandoned
from gambrel.core.http.errors import GambrelError

__all__ = ["Ask", "Bridge"]

T = TypeVar("T")
Ask = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Calls a function in the thread that waits, for a coroutine on the loop."""
LOOK = 0.1
"""Seconds between two looks whether anybody wants the answer still."""


class Bridge:
    """Carries calls of threads to the loop that it was made on.

    A call ends early where the task that made this is cancelled, as a request is at its deadline
    or when its client leaves; or who closes the client cancels it among `calls`.
    """

    def __init__(self, calls: "set[asyncio.Task[Any]]") -> None:
        try:
            self.loop = asyncio.get_running_loop()
        except RuntimeError:
            raise no_loop("a SyncHTTPClient was made where no event loop runs") from None
        self.owner = asyncio.current_task()
        self.calls = calls

    def call(
        self, work: Callable[[Ask], Coroutine[Any, Any, T]], *, in_any_case: bool = False
    ) -> T:
        """Return what `work(ask)` returns on the loop. Its context is that of the calling thread.

        What gives something back is done `in_any_case`, even when nobody waits any more.

        Raises:
            CallAbandoned: Nobody waits for it any more, or the client was closed.
            GambrelError: This is the thread of the loop, or the loop does not run.
        """
        self.check()
        jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

        async def ask(function: Callable[[], Any]) -> Any:
            answer: asyncio.Future[Any] = self.loop.create_future()
            jobs.put(lambda: self.answer(answer, function))
            return await answer

        coroutine = work(ask) if in_any_case else self.watched(work(ask))
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        future.add_done_callback(lambda _: jobs.put(None))
        try:
            while (job := jobs.get()) is not None:
                job()
        except BaseException:  # a signal, in a main thread
            future.cancel()
            raise
        try:
            return future.result()
        except CancelledError:
            what = "nobody waits for the answer any more, or the app stops"
            raise CallAbandoned(what) from None

    def check(self) -> None:
        """Raise GambrelError where a call could only wait for ever."""
        with suppress(RuntimeError):
            if asyncio.get_running_loop() is self.loop:
                raise GambrelError(
                    "client.on-the-loop",
                    "a SyncHTTPClient was used on the event loop, which it would block",
                    "gambrel.client",
                    "ask for an HTTPClient and `await` it, or make the handler a plain `def`",
                )
        if not self.loop.is_running():
            raise no_loop("a SyncHTTPClient was used when its app had stopped")

    def answer(self, answer: "asyncio.Future[Any]", function: Callable[[], Any]) -> None:
        """Call a function here, for a coroutine that waits on the loop."""
        settle: Callable[[Any], None] = answer.set_result
        try:
            result = function()
        except Exception as error:
            settle, result = answer.set_exception, error

        def tell() -> None:
            if not answer.done():
                settle(result)

        with suppress(RuntimeError):  # the loop has closed: nobody waits
            self.loop.call_soon_threadsafe(tell)

    async def watched(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work, and leave it when nobody wants it any more."""
        task = asyncio.current_task()
        assert task is not None
        self.calls.add(task)
        timer: asyncio.TimerHandle | None = None

        def look() -> None:
            nonlocal timer
            if self.is_unwanted():
                task.cancel()
            timer = self.loop.call_later(LOOK, look)

        look()
        try:
            return await work
        finally:
            if timer is not None:
                timer.cancel()
            self.calls.discard(task)

    def is_unwanted(self) -> bool:
        """Say whether the task that made this is to end."""
        return self.owner is not None and self.owner.cancelling() > 0


def no_loop(what: str) -> GambrelError:
    """The error of a client that has no loop to work on."""
    hint = "let the app inject it; elsewhere make it within `async with HTTPClient() as client:`"
    return GambrelError("client.no-loop", what, "gambrel.client", hint)
