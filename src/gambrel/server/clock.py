"""The worker's clock: one timer renders `Date` and serves every time-out.

Reading the time and arming a timer per request would cost more than routing it.
"""

import asyncio
from email.utils import formatdate
from typing import Protocol

__all__ = ["Clock", "Timed"]


class Timed(Protocol):
    """What the clock visits at every tick."""

    def tick(self, now: float) -> None:
        """Look at the time, in seconds of the loop's clock."""


class Clock:
    """Ticks every `period` seconds. `date` is the `Date` field with the blank line after a head."""

    __slots__ = ("_handle", "_loop", "date", "now", "period", "timed")

    def __init__(self, loop: asyncio.AbstractEventLoop, period: float = 1.0) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None
        self.period = period
        self.timed: set[Timed] = set()
        self.now = loop.time()
        self.date = b""

    def start(self) -> None:
        """Tick now and from now on."""
        self.now = self._loop.time()
        self.date = b"\r\ndate: %b\r\n\r\n" % formatdate(usegmt=True).encode()
        # The next tick is armed first: whatever one of them does, the clock goes on.
        self._handle = self._loop.call_later(self.period, self.start)
        for timed in tuple(self.timed):
            timed.tick(self.now)

    def stop(self) -> None:
        """Stop ticking."""
        if self._handle is not None:
            self._handle.cancel()
