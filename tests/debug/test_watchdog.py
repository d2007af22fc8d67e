import asyncio
import logging
import threading
import time

from gambrel.debug.watchdog import Watchdog, run_watchdog


class Heard(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []
        self.came = threading.Event()

    def emit(self, record):
        self.lines.append(record.getMessage())
        self.came.set()


def watched(work, limit=0.02):
    heard = Heard()
    log = logging.getLogger("tests.debug.watchdog")
    log.addHandler(heard)

    async def run():
        watchdog = Watchdog(asyncio.get_running_loop(), limit, log)
        watchdog.start()
        try:
            await work(heard)
        finally:
            watchdog.stop()
            log.removeHandler(heard)

    asyncio.run(run())
    return heard.lines


def block(heard):
    while not heard.came.wait(0.01):
        pass


def block_again():
    time.sleep(0.1)


async def blocking_handler(heard):
    block(heard)


async def waiting_handler(_heard):
    await asyncio.sleep(0.1)


async def handler_that_blocks_twice(_heard):
    for _ in range(3):
        block_again()
        await asyncio.sleep(0.05)


def test_the_line_that_blocks_the_loop_is_named():
    [line] = watched(blocking_handler)

    assert line.startswith("block at ")
    assert "test_watchdog.py:" in line
    assert "wait" in line


def test_a_handler_that_waits_is_left_alone():
    assert watched(waiting_handler, limit=0.05) == []


def test_a_place_is_named_once():
    assert len(watched(handler_that_blocks_twice)) == 1


def test_it_watches_while_its_generator_is_open():
    async def run():
        before = threading.active_count()
        watching = run_watchdog(0.05)
        await anext(watching)
        during = threading.active_count()
        await anext(watching, None)
        return during - before, threading.active_count() - before

    assert asyncio.run(run()) == (1, 0)


class LostAnswer(threading.Event):
    """Cleared in the very moment in which the watchdog is told to end."""

    def __init__(self, stopped):
        super().__init__()
        self.stopped = stopped

    def clear(self):
        self.stopped.set()
        self.set()
        super().clear()


def test_it_ends_though_the_answer_of_who_stops_it_is_lost():
    async def run():
        watchdog = Watchdog(asyncio.get_running_loop(), 0.01)
        watchdog._answered = LostAnswer(watchdog._stopped)
        watchdog.start()
        watchdog._thread.join(10)  # the loop waits, as `stop` lets it
        return watchdog._thread.is_alive()

    assert asyncio.run(run()) is False
