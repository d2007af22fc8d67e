"""Worker threads for plain `def` code, so that nobody blocks the event loop by accident.

A job runs whole in one thread, under the context it was submitted with. The loop is woken once
for all jobs that finish meanwhile. One thread serves while jobs are short; when nothing finishes
for `GROW_AFTER` seconds although jobs wait, the number of threads doubles up to the limit.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

from gambrel.core.http.threads import outcome

__all__ = ["WorkerPool"]

T = TypeVar("T")
GROW_AFTER = 0.005
"""Seconds. One thread costs 8.5 µs a request where eight cost 10.3, hence the wait."""

Job = tuple[Callable[..., Any], tuple[Any, ...], Callable[[Any, BaseException | None], None], Any]


class WorkerPool:
    """At most `limit` threads that run jobs for one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int = 40) -> None:
        self.loop = loop
        self.limit = limit
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._finished: deque[tuple[Callable[..., None], Any, BaseException | None]] = deque()
        self._threads: list[threading.Thread] = []
        self._is_woken = False
        self._is_watched = False
        self._done = 0
        self._submitted = 0

    @property
    def pending(self) -> int:
        """Jobs submitted and not finished."""
        return self._submitted - self._done

    def submit(
        self,
        finish: Callable[[Any, BaseException | None], None],
        call: Callable[..., Any],
        *arguments: Any,
    ) -> None:
        """Run `call(*arguments)` in a thread, then `finish(result, error)` on the loop."""
        self._submitted += 1
        self._jobs.put((call, arguments, finish, copy_context()))
        if not self._threads:
            self._start(1)
        if not self._is_watched and len(self._threads) < self.limit:
            self._is_watched = True
            self.loop.call_later(GROW_AFTER, self._grow, self._done)

    async def run(
        self,
        call: Callable[..., T],
        *arguments: Any,
        dispose: Callable[[T], object] | None = None,
    ) -> T:
        """Return `call(*arguments)` from a worker thread.

        A cancelled caller still waits for the thread: what it holds is not free before. The result
        that it does not get goes to `dispose`.
        """
        future: asyncio.Future[T] = self.loop.create_future()

        def finish(result: T, error: BaseException | None) -> None:
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        self.submit(finish, call, *arguments)
        return await outcome(future, dispose)

    def close(self) -> None:
        """Let the threads end once the jobs before are done."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def _start(self, number: int) -> None:
        for _ in range(number):
            name = f"gambrel-worker-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _grow(self, done_before: int) -> None:
        self._is_watched = False
        if not self.pending:
            return
        if self._done == done_before and not self._jobs.empty():
            self._start(min(len(self._threads), self.limit - len(self._threads)))
        if len(self._threads) < self.limit:
            self._is_watched = True
            self.loop.call_later(GROW_AFTER, self._grow, self._done)

    def _work(self) -> None:
        get, finished = self._jobs.get, self._finished
        while (job := get()) is not None:
            call, arguments, finish, context = job
            try:
                finished.append((finish, context.run(call, *arguments), None))
            except (StopIteration, KeyboardInterrupt) as error:
                # No future takes the one; the other is no signal, which only the main thread gets.
                problem = RuntimeError(f"{call!r} raised {error!r}")
                problem.__cause__ = error
                finished.append((finish, None, problem))
                del problem
            except BaseException as error:
                finished.append((finish, None, error))
            del job, call, arguments, finish, context
            if not self._is_woken:
                self._is_woken = True
                with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits
                    self.loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        self._is_woken = False
        finished = self._finished
        while finished:
            finish, result, error = finished.popleft()
            self._done += 1
            try:
                finish(result, error)
            except Exception as problem:  # that of one must not keep back the others
                told = {"message": "taking the result of a thread failed", "exception": problem}
                self.loop.call_exception_handler(told)
