"""The watchdog of development: says which line of yours kept the event loop from running.

A thread asks the loop to answer and looks at its stack when it does not. `run_watchdog` is what
the extension opens while the app runs.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncIterator
from types import FrameType

from gambrel.debug.report import is_own, short_path

__all__ = ["Watchdog", "run_watchdog"]

LOG = logging.getLogger("gambrel.debug")


class Watchdog:
    """Watches one loop from a thread; each place is reported once.

    `limit` is the longest the loop may be busy without a break, in seconds.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, limit: float = 0.1, log: logging.Logger = LOG
    ) -> None:
        self._loop = loop
        self._limit = limit
        self._log = log
        self._answered = threading.Event()
        self._stopped = threading.Event()
        self._reported: set[tuple[str, int]] = set()
        self._thread = threading.Thread(target=self._watch, name="gambrel-watchdog", daemon=True)
        self._watched = threading.get_ident()

    def start(self) -> None:
        """Begin to watch; call it on the loop's own thread."""
        self._watched = threading.get_ident()
        self._thread.start()

    def stop(self) -> None:
        """End the thread. It never waits for the loop."""
        self._stopped.set()
        self._answered.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._limit / 4):
            self._answered.clear()
            try:
                self._loop.call_soon_threadsafe(self._answered.set)
            except RuntimeError:  # the loop was closed
                return
            if not self._answered.wait(self._limit):
                self._report(sys._current_frames().get(self._watched))  # noqa: SLF001 - the way
                # `stop` may have come just before `clear`: its answer is gone, and the loop waits.
                while not (self._answered.wait(self._limit) or self._stopped.is_set()):
                    pass

    def _report(self, frame: FrameType | None) -> None:
        blocking = frame
        while blocking is not None and not is_own(blocking.f_code.co_filename):
            blocking = blocking.f_back
        if blocking is None or frame is None:
            return
        file, line = blocking.f_code.co_filename, blocking.f_lineno
        if (file, line) in self._reported:
            return
        self._reported.add((file, line))
        inner = "" if frame is blocking else f" (in {frame.f_code.co_qualname})"
        self._log.warning(
            "%s at %s:%d has kept the event loop busy for more than %d ms%s; every other request "
            "waits. Use its async counterpart, `await asyncio.to_thread(...)`, or write the "
            "handler as `def`.",
            blocking.f_code.co_qualname,
            short_path(file),
            line,
            self._limit * 1_000,
            inner,
        )


async def run_watchdog(limit: float = 0.1) -> AsyncIterator[None]:
    """Watch the running loop until the generator is resumed."""
    watchdog = Watchdog(asyncio.get_running_loop(), limit)
    watchdog.start()
    try:
        yield
    finally:
        watchdog.stop()
