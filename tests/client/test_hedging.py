import asyncio
from typing import Any

import httpx2
import pytest

from gambrel.client.hedging import first_answer

NEVER = None


class Body(httpx2.AsyncByteStream):
    """A body that tells when it was given back."""

    def __init__(self, name: int, closed: list[int]) -> None:
        self.name = name
        self.closed = closed

    async def aclose(self) -> None:
        self.closed.append(self.name)


def race(
    *outcomes: Any, may_begin: bool = True, seconds: float = 0.0
) -> tuple[Any, list[int], int]:
    """Return which attempt was taken, which were closed, and how many there were.

    An outcome is a status, an error, NEVER, or an event that is waited for first, and a status.
    """
    closed: list[int] = []
    coming = iter(enumerate(outcomes))
    made = 0

    async def attempt() -> httpx2.Response:
        nonlocal made
        made += 1
        name, outcome = next(coming)
        if isinstance(outcome, tuple):
            await outcome[0].wait()
            outcome = outcome[1]
        if outcome is NEVER:
            await asyncio.get_running_loop().create_future()
        if isinstance(outcome, Exception):
            raise outcome
        return httpx2.Response(outcome, stream=Body(name, closed), extensions={"name": name})

    async def main() -> Any:
        async with asyncio.timeout(30):
            try:
                response = await first_answer(attempt, seconds, lambda: may_begin)
            except httpx2.TransportError as error:
                return type(error)
            return response.extensions["name"], response.status_code

    return asyncio.run(main()), closed, made


def test_one_that_answers_in_time_is_alone():
    assert race(200, seconds=30) == ((0, 200), [], 1)
    assert race(httpx2.ReadError("x"), seconds=30) == (httpx2.ReadError, [], 1)


def test_a_second_attempt_goes_beside_a_slow_one():
    assert race(NEVER, 200) == ((1, 200), [], 2)


def test_there_is_none_where_too_many_were_made():
    gate = asyncio.Event()
    gate.set()

    assert race((gate, 200), may_begin=False) == ((0, 200), [], 1)


@pytest.mark.parametrize("outcome", [503, httpx2.ConnectError("x")])
def test_one_that_fails_leaves_it_to_the_other(outcome):
    async def main() -> Any:
        gate = asyncio.Event()
        left = iter([True, False])

        async def attempt() -> httpx2.Response:
            if next(left):
                await gate.wait()
                return httpx2.Response(200)
            gate.set()
            if isinstance(outcome, Exception):
                raise outcome
            return httpx2.Response(outcome)

        return (await first_answer(attempt, 0.0, lambda: True)).status_code

    assert asyncio.run(main()) == 200


def test_where_both_fail_what_was_answered_is_told():
    gate = asyncio.Event()

    async def main() -> Any:
        left = iter([503, httpx2.ReadError("x")])

        async def attempt() -> httpx2.Response:
            outcome = next(left)
            if isinstance(outcome, Exception):
                gate.set()
                raise outcome
            await gate.wait()
            return httpx2.Response(outcome)

        return await first_answer(attempt, 0.0, lambda: True)

    assert asyncio.run(main()).status_code == 503


def test_an_answer_that_is_not_taken_is_closed():
    async def main() -> list[int]:
        closed: list[int] = []
        both = asyncio.Barrier(2)
        names = iter([0, 1])

        async def attempt() -> httpx2.Response:
            name = next(names)
            await both.wait()
            return httpx2.Response(200, stream=Body(name, closed))

        await first_answer(attempt, 0.0, lambda: True)
        return closed

    assert len(asyncio.run(main())) == 1


def test_who_is_cancelled_ends_both():
    async def main() -> int:
        both = asyncio.Barrier(3)

        async def forever() -> httpx2.Response:
            await both.wait()
            return await asyncio.get_running_loop().create_future()

        task = asyncio.ensure_future(first_answer(forever, 0.0, lambda: True))
        await both.wait()
        task.cancel()
        await asyncio.wait([task])
        return len(asyncio.all_tasks())

    assert asyncio.run(main()) == 1
