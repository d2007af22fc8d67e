"""A second attempt beside a slow one: the first answer of the two is taken (tail latency)."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import httpx2

from gambrel.client.retries import BUSY

__all__ = ["first_answer"]

_WELL = 2
Attempt = Coroutine[Any, Any, httpx2.Response]


async def first_answer(
    begin: Callable[[], Attempt], seconds: float, may_begin: Callable[[], bool]
) -> httpx2.Response:
    """Return the answer to an attempt, or to another that begins `seconds` after it.

    One that fails, or is told to come again later, leaves it to the other. What is not taken is
    ended, and closed.
    """
    attempts = [asyncio.ensure_future(begin())]
    best: asyncio.Task[httpx2.Response] | None = None
    try:
        done, waiting = await asyncio.wait(attempts, timeout=seconds)
        if not done and may_begin():
            attempts.append(asyncio.ensure_future(begin()))
            waiting.add(attempts[-1])
        best = attempts[0] if done else None
        while waiting and worth(best) < _WELL:
            new, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            done |= new
            best = max(done, key=worth)
        assert best is not None
        return await best
    finally:
        await drop(one for one in attempts if one is not best)


def worth(attempt: "asyncio.Task[httpx2.Response] | None") -> int:
    """Return how good an attempt is: failed, told to come again, or well."""
    if attempt is None or attempt.cancelled() or attempt.exception() is not None:
        return 0
    return 1 if attempt.result().status_code in BUSY else _WELL


async def drop(attempts: "Iterable[asyncio.Task[httpx2.Response]]") -> None:
    """End attempts, and give back what they have brought."""
    for attempt in attempts:
        attempt.cancel()
        await asyncio.wait([attempt])
        if not attempt.cancelled() and attempt.exception() is None:
            await attempt.result().aclose()
