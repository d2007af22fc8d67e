import asyncio
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from gambrel.server.clock import Clock, http_date
from tests.server.live import run, until


class Counter:
    def __init__(self) -> None:
        self.times: list[float] = []

    def tick(self, now: float) -> None:
        self.times.append(now)


def test_the_clock_visits_what_is_timed_until_it_is_stopped():
    async def main() -> tuple[list[float], int]:
        clock, counter = Clock(asyncio.get_running_loop(), 0.01), Counter()
        clock.timed.add(counter)
        clock.start()
        await until(lambda: len(counter.times) >= 3)
        clock.stop()
        count = len(counter.times)
        await asyncio.sleep(0.05)
        return counter.times, count

    times, count = run(main())

    assert times == sorted(times)
    assert len(times) == count


def test_what_fails_at_a_tick_does_not_stop_the_clock():
    async def main() -> int:
        ticks = 0

        class Broken:
            def tick(self, now: float) -> None:
                nonlocal ticks
                ticks += 1
                raise RuntimeError("broken")

        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        clock = Clock(loop, 0.01)
        clock.timed.add(Broken())
        loop.call_soon(clock.start)
        await until(lambda: ticks >= 3)
        clock.stop()
        return ticks

    assert run(main()) >= 3


def test_the_date_ends_a_head():
    async def main() -> bytes:
        clock = Clock(asyncio.get_running_loop())
        clock.start()
        clock.stop()
        return clock.date

    date = run(main())

    assert date.startswith(b"\r\ndate: ")
    assert date.endswith(b" GMT\r\n\r\n")
    assert parsedate_to_datetime(date[8:-4].decode()).year >= 2024


@pytest.mark.parametrize("seconds", [0, 951_782_400, 1_709_164_799, 4_102_444_799])
def test_dates_are_those_of_the_mail_standard(seconds):
    assert http_date(time.gmtime(seconds)).decode() == formatdate(seconds, usegmt=True)
