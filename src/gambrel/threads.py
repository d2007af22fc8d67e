"""Worker threads for plain `def` code, so that nobody blocks the event loop by accident.

A job runs whole in one thread, under the context it was submitted with. The loop hands over what
one of its turns has brought, and is woken once for all jobs that finish meanwhile: with a
hand-over for each, the two threads would fight for the interpreter. One thread serves while jobs
are short; where they wait behind long ones, more are woken, and their number doubles up to a limit.
"""

import asyncio
import contextlib
import inspect
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any, TypeVar

__all__ = ["WorkerPool"]

T = TypeVar("T")
TICK = 0.005
"""Seconds between two looks at jobs that wait."""
SHORT = 10
"""Jobs are short where a thread ends as many in a tick."""

Job = tuple[Callable[..., Any], tuple[Any, ...], Callable[[Any, BaseException | None], None], Any]


class WorkerPool:
    """At most `limit` threads that run jobs for one event loop.

    `relief` works for those who hold what jobs in all these threads may be waiting for.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: int = 40) -> None:
        self.loop = loop
        self.limit = limit
        self.relief = self
        self._jobs: deque[Job | None] = deque()
        self._finished: deque[tuple[Callable[..., None], Any, BaseException | None]] = deque()
        self._threads: list[threading.Thread] = []
        self._idle: deque[threading.Lock] = deque()
        self._is_handed = False
        self._is_woken = False
        self._is_watched = False
        self._is_closed = False
        self._are_long = False
        self._done = 0
        self._submitted = 0

    def submit(
        self,
        finish: Callable[[Any, BaseException | None], None],
        call: Callable[..., Any],
        *arguments: Any,
    ) -> None:
        """Run `call(*arguments)` in a thread, then `finish(result, error)` on the loop."""
        self._submitted += 1
        self._jobs.append((call, arguments, finish, copy_context()))
        if not self._is_handed:
            self._is_handed = True
            self.loop.call_soon(self._hand_over)

    async def run(
        self,
        call: Callable[..., T],
        *arguments: Any,
        dispose: Callable[[T], object] | None = None,
        holds: bool = False,
    ) -> T:
        """Return `call(*arguments)` from a worker thread; of `relief` where the caller `holds`
        something until later: a connection, say.

        A cancelled caller still waits for the thread: what it holds is not free before. The result
        that it does not get goes to `dispose`.
        """
        ended: list[tuple[T, BaseException | None]] = []
        cancelled: asyncio.CancelledError | None = None
        future = self.loop.create_future()

        def finish(result: T, error: BaseException | None) -> None:
            ended.append((result, error))
            if not future.done():
                future.set_result(None)

        (self.relief if holds else self).submit(finish, call, *arguments)
        while not ended:
            try:
                await future
            except asyncio.CancelledError as error:
                cancelled, future = error, self.loop.create_future()
        result, problem = ended[0]
        if cancelled is not None and problem is None and dispose is not None:
            closing = dispose(result)
            if inspect.isawaitable(closing):
                await closing
        if cancelled or problem:
            raise cancelled or problem  # type: ignore[misc]  # one of them is there
        return result

    def close(self) -> None:
        """Let the threads end once the jobs before are done; one that comes later, too."""
        self._is_closed = True
        self._jobs.extend([None] * len(self._threads))
        self._wake(len(self._threads))
        self._threads.clear()

    def _start(self, number: int) -> None:
        for _ in range(number):
            name = f"gambrel-worker-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def _hand_over(self) -> None:
        """Have what this turn of the loop has brought worked on."""
        self._is_handed = False
        if not self._is_watched:
            self._is_watched = True
            self.loop.call_later(TICK, self._watch, self._done)
        if not self._threads:
            self._start(1)
        self._wake(len(self._jobs) if self._are_long else 1)
        if self._is_closed:
            self.close()

    def _wake(self, number: int) -> None:
        """Wake idle threads, those that were busy last before others."""
        while number and self._idle:
            self._idle.pop().release()
            number -= 1

    def _watch(self, done_before: int) -> None:
        """See how long jobs take, and have more threads work where they wait."""
        done, busy = self._done + len(self._finished), len(self._threads) - len(self._idle)
        self._are_long = done - done_before < SHORT * busy
        self._is_watched = self._submitted > self._done
        if self._is_watched:
            self.loop.call_later(TICK, self._watch, done)
        if self._jobs and self._are_long:
            if not self._idle:
                self._start(min(len(self._threads), self.limit - len(self._threads)))
            self._wake(len(self._jobs))

    def _work(self) -> None:
        jobs, idle, wake = self._jobs, self._idle, threading.Lock()
        wake.acquire()
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                idle.append(wake)
                # A job that came in between found no idle thread to wake.
                if jobs:
                    with contextlib.suppress(ValueError):  # woken all the same
                        idle.remove(wake)
                        continue
                wake.acquire()
                continue
            if job is None:
                return
            self._run(job)
            del job

    def _run(self, job: Job) -> None:
        call, arguments, finish, context = job
        try:
            self._finished.append((finish, context.run(call, *arguments), None))
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            self._finished.append((finish, None, error))
        except BaseException as error:
            # On the loop it would be a signal, or end what runs there; here it is a failed job.
            problem = RuntimeError(f"{call!r} raised {error!r}")
            problem.__cause__ = error
            self._finished.append((finish, None, problem))
            del problem
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
