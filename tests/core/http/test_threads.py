import asyncio
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from gambrel.core.http.threads import batches, in_thread, iterate

seen = contextvars.ContextVar("seen", default="nothing")


def gather(items: object) -> list:
    async def run() -> list:
        return [item async for item in iterate(items)]  # type: ignore[arg-type]

    return asyncio.run(run())


def test_work_runs_in_another_thread_and_returns_its_result() -> None:
    assert asyncio.run(in_thread(threading.current_thread)) is not threading.main_thread()


def test_an_error_in_the_thread_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 1, 0))


def test_a_cancelled_caller_waits_for_the_thread() -> None:
    finished = []

    def work() -> None:
        time.sleep(0.05)
        finished.append(True)

    async def cancel() -> None:
        task = asyncio.create_task(in_thread(work))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())

    assert finished == [True]


def test_a_cancelled_caller_hears_of_the_cancellation_not_of_a_late_error() -> None:
    def work() -> None:
        time.sleep(0.05)
        raise ValueError("late")

    async def cancel() -> None:
        task = asyncio.create_task(in_thread(work))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


@pytest.mark.parametrize("count", [0, 1, 1_000])
def test_a_plain_iterable_gives_all_its_items_in_order(count: int) -> None:
    assert gather(range(count)) == list(range(count))


def test_an_async_iterable_gives_all_its_items_in_order() -> None:
    async def items() -> AsyncIterator[int]:
        yield 1
        yield 2

    assert gather(items()) == [1, 2]


def test_a_plain_generator_never_runs_on_the_loop() -> None:
    def items() -> Iterator[threading.Thread]:
        yield threading.current_thread()

    assert gather(items())[0] is not threading.main_thread()


def test_a_generator_keeps_its_context_from_step_to_step() -> None:
    def items() -> Iterator[str]:
        seen.set("set in the first step")
        for _ in range(300):
            yield seen.get()

    assert set(gather(items())) == {"set in the first step"}


def test_fast_items_share_a_trip_to_the_thread() -> None:
    async def run() -> list[int]:
        return [len(batch) async for batch in batches(iter(range(1_000)))]

    assert max(asyncio.run(run())) > 1


def test_a_slow_item_is_not_kept_for_the_next() -> None:
    def items() -> Iterator[int]:
        yield 1
        time.sleep(0.02)
        yield 2
        time.sleep(0.02)
        yield 3

    async def run() -> list[list[int]]:
        return [batch async for batch in batches(items())]

    assert [1, 2, 3] not in asyncio.run(run())


def test_what_came_before_an_error_is_given_first() -> None:
    got = []

    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    async def run() -> None:
        async for item in iterate(items()):
            got.append(item)  # noqa: PERF401 - the list is kept when the loop fails

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(run())

    assert got == [1]


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_leaving_early_closes_the_generator(kind: str) -> None:
    closed = []

    def plain() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append("plain")

    async def eager() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append("async")

    async def run() -> None:
        items = iterate(plain() if kind == "plain" else eager())
        await anext(items)
        await items.aclose()

    asyncio.run(run())

    assert closed == [kind]
