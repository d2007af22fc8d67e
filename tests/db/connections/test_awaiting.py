import asyncio
import logging

import pytest

from gambrel.db.connections.awaiting import uninterrupted


async def work(log: list[str], fails: bool = False) -> str:
    for _ in range(5):
        await asyncio.sleep(0)
    log.append("done")
    if fails:
        raise ValueError("failed")
    return "result"


async def cancelled_in_between(log: list[str], **options) -> asyncio.Task[str]:
    async def dispose(result: str) -> None:
        log.append(f"disposed of {result}")

    task = asyncio.create_task(uninterrupted(work(log, **options), dispose))
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.wait([task])
    return task


def test_the_result_is_that_of_the_work():
    assert asyncio.run(uninterrupted(work([]))) == "result"


def test_an_error_is_that_of_the_work():
    with pytest.raises(ValueError, match="failed"):
        asyncio.run(uninterrupted(work([], fails=True)))


def test_a_cancellation_comes_after_the_end_and_nothing_is_lost():
    log: list[str] = []

    task = asyncio.run(cancelled_in_between(log))

    assert task.cancelled()
    assert log == ["done", "disposed of result"]


def test_an_error_that_nobody_gets_is_logged(caplog):
    with caplog.at_level(logging.ERROR):
        task = asyncio.run(cancelled_in_between([], fails=True))

    assert task.cancelled()
    assert "ValueError: failed" in caplog.text
