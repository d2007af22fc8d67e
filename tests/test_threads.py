import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from gambrel import threads
from gambrel.threads import WorkerPool

colour: ContextVar[str] = ContextVar("colour", default="none")


def with_pool(use: Callable[[WorkerPool], Awaitable[Any]], limit: int = 4) -> Any:
    async def main() -> Any:
        pool = WorkerPool(asyncio.get_running_loop(), limit)
        try:
            return await asyncio.wait_for(use(pool), 10)
        finally:
            pool.close()

    return asyncio.run(main())


def threads_of(pool: WorkerPool) -> int:
    return len(pool._threads)


def test_a_call_returns_its_result_from_another_thread():
    async def use(pool):
        return await pool.run(threading.get_ident), await pool.run(max, 1, 2)

    ident, most = with_pool(use)

    assert ident != threading.get_ident()
    assert most == 2


@pytest.mark.parametrize("error", [ValueError("no"), asyncio.CancelledError(), SystemExit(3)])
def test_an_error_in_a_thread_is_raised_where_its_result_is_awaited(error):
    def fail() -> None:
        raise error

    async def use(pool):
        try:
            await pool.run(fail)
        except BaseException as caught:
            return caught

    caught = with_pool(use)

    assert type(caught) is type(error)


@pytest.mark.parametrize("error", [GeneratorExit(), KeyboardInterrupt(), BaseException("no")])
def test_what_would_end_the_loop_is_a_failed_job(error):
    def fail() -> None:
        raise error

    async def use(pool):
        with pytest.raises(RuntimeError) as caught:
            await pool.run(fail)
        return caught.value.__cause__

    assert with_pool(use) is error


def test_stop_iteration_does_not_leave_its_caller_waiting():
    def stop(items: Iterator[int]) -> int:
        return next(items)

    async def use(pool):
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.run(stop, iter(()))

    with_pool(use)


def test_context_variables_of_the_caller_are_seen_in_the_thread_and_not_the_other_way():
    def paint() -> str:
        before = colour.get()
        colour.set("blue")
        return before

    async def use(pool):
        colour.set("red")
        return await pool.run(paint), colour.get()

    assert with_pool(use) == ("red", "red")


def test_one_thread_serves_short_jobs(monkeypatch):
    monkeypatch.setattr(threads, "TICK", 60.0)  # short is what ends before

    async def use(pool):
        for _ in range(200):
            await pool.run(int)
        return threads_of(pool)

    assert with_pool(use) == 1


def test_no_thread_starts_before_the_first_job():
    async def use(pool):
        return threads_of(pool)

    assert with_pool(use) == 0


def test_blocked_jobs_get_threads_up_to_the_limit():
    limit, gate = 4, threading.Barrier(5)

    async def use(pool):
        blocked = [asyncio.ensure_future(pool.run(gate.wait)) for _ in range(limit)]
        while gate.n_waiting < limit:  # noqa: ASYNC110 - threads start when they start
            await asyncio.sleep(0.001)
        waiting = asyncio.ensure_future(pool.run(int))
        await asyncio.sleep(0)
        pool._watch(pool._done)
        most, pending = threads_of(pool), pool._submitted - pool._done
        await asyncio.to_thread(gate.wait)
        await asyncio.gather(*blocked, waiting)
        return most, pending, pool._submitted - pool._done

    assert with_pool(use, limit) == (4, 5, 0)


def test_jobs_wait_for_a_thread_of_their_own_where_they_were_long_before():
    first, second = threading.Barrier(3), threading.Barrier(3)

    async def meet(pool, gate):
        blocked = [asyncio.ensure_future(pool.run(gate.wait)) for _ in range(2)]
        await asyncio.to_thread(gate.wait)
        await asyncio.gather(*blocked)

    async def use(pool):
        await meet(pool, first)
        await meet(pool, second)
        return threads_of(pool)

    assert with_pool(use) == 2


def test_a_cancelled_caller_waits_until_its_thread_is_done():
    gate, log = threading.Event(), []

    def work() -> None:
        gate.wait()
        log.append("thread")

    async def caller(pool):
        try:
            await pool.run(work)
        finally:
            log.append("caller")

    async def use(pool):
        task = asyncio.ensure_future(caller(pool))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.002)
        assert not task.done()
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    with_pool(use)

    assert log == ["thread", "caller"]


def test_one_failing_callback_does_not_keep_back_the_others():
    seen: list[Any] = []

    async def use(pool):
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(lambda _, told: seen.append(str(told["exception"])))

        def bad(_result, _error) -> None:
            raise ValueError("bad callback")

        def good(result, _error) -> None:
            seen.append(result)
            done.set()

        pool.submit(bad, int)
        pool.submit(good, str)
        await done.wait()

    with_pool(use)

    assert seen == ["bad callback", ""]


def test_closing_lets_what_was_submitted_end_and_then_the_threads():
    log: list[int] = []

    async def use(pool):
        jobs = [asyncio.ensure_future(pool.run(log.append, number)) for number in range(50)]
        await asyncio.sleep(0)
        threads = list(pool._threads)
        pool.close()
        await asyncio.gather(*jobs)
        return threads

    threads = with_pool(use)

    for thread in threads:
        thread.join(5)
    assert log == list(range(50))
    assert not any(thread.is_alive() for thread in threads)


def test_a_thread_for_what_came_while_closing_ends_as_well():
    async def use(pool):
        job = asyncio.ensure_future(pool.run(threading.current_thread))
        await asyncio.sleep(0)
        pool.close()
        return await job

    thread = with_pool(use)

    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("is_first", [True, False])
def test_jobs_go_on_after_a_thread_could_not_be_started(monkeypatch, is_first):
    gate, failures = threading.Event(), []

    def fail(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def use(pool):
        loop = asyncio.get_running_loop()
        failed = asyncio.Event()

        def note(_loop: object, told: dict[str, Any]) -> None:
            monkeypatch.undo()
            failures.append(told["exception"])
            failed.set()

        loop.set_exception_handler(note)
        if not is_first:
            blocked = asyncio.ensure_future(pool.run(gate.wait))
            while not threads_of(pool):  # noqa: ASYNC110 - turn by turn
                await asyncio.sleep(0)
        monkeypatch.setattr(threading.Thread, "start", fail)
        first = asyncio.ensure_future(pool.run(int))
        await failed.wait()
        second = await pool.run(int)
        gate.set()
        if not is_first:
            await blocked
        return await first, second

    assert with_pool(use) == (0, 0)
    assert len(failures) == 1


def test_a_job_that_outlives_its_loop_ends_in_silence(recwarn):
    gate, ended = threading.Event(), threading.Event()

    def work() -> None:
        gate.wait()

    async def main() -> list[threading.Thread]:
        pool = WorkerPool(asyncio.get_running_loop(), 1)
        pool.submit(lambda *_: ended.set(), work)
        await asyncio.sleep(0)
        threads = list(pool._threads)
        pool.close()
        return threads

    threads = asyncio.run(main())
    gate.set()
    for thread in threads:
        thread.join(5)

    assert len(threads) == 1
    assert not any(thread.is_alive() for thread in threads)
    assert not ended.is_set()
    assert not recwarn.list
