import asyncio
from collections import deque
from typing import Any

from gambrel.client.pacing import Pace


def waits(rate: int, times: list[float], host: str = "a") -> list[float]:
    """Return how long calls at these times wait for their turns."""
    now, slept = [0.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def main() -> list[float]:
        pace, found = Pace(rate, lambda: now[0], sleep), []
        for now[0] in times:
            await pace.turn(host)
            found.append(sum(slept))
            slept.clear()
        return found

    return asyncio.run(main())


def test_no_second_has_more_than_the_rate():
    assert waits(2, [0.0, 0.0, 0.0, 0.0, 0.0]) == [0.0, 0.0, 1.0, 1.0, 2.0]
    assert waits(2, [0.0, 0.5, 0.75, 3.0]) == [0.0, 0.0, 0.25, 0.0]


def test_without_a_rate_nobody_waits():
    assert waits(0, [0.0] * 100) == [0.0] * 100


def test_hosts_do_not_wait_for_each_other_and_are_forgotten():
    now = [0.0]

    async def main() -> Pace:
        pace = Pace(1, lambda: now[0])
        for number in range(1_000):
            await pace.turn(f"{number}.example")
        now[0] = 2.0
        await pace.turn("another.example")
        return pace

    assert len(asyncio.run(main())) == 1


def test_hosts_are_looked_through_once_a_second_however_many_there_are():
    now, looked_at = [0.0], [0]

    class Turns(deque[float]):
        def __getitem__(self, at: Any) -> Any:
            looked_at[0] += 1
            return super().__getitem__(at)

    async def main() -> Pace:
        pace = Pace(1, lambda: now[0])
        pace._by_host = {f"{number}.example": Turns([0.0], 1) for number in range(1_000)}
        for number in range(1_000):
            now[0] = number / 1_000
            await pace.turn(f"{number}.other.example")
        now[0] = 2.0
        await pace.turn("another.example")
        return pace

    assert len(asyncio.run(main())) == 1
    assert looked_at == [2_000]
