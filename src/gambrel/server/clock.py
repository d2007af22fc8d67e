"""The worker's clock: one timer renders `Date` and serves every time-out.

Reading the time and arming a timer per request would cost more than routing it.
"""

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "Timed"]

_DAYS = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


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
        self.date = b"\r\ndate: %b\r\n\r\n" % http_date(time.gmtime())
        # The next tick is armed first: whatever one of them does, the clock goes on.
        self._handle = self._loop.call_later(self.period, self.start)
        for timed in tuple(self.timed):
            timed.tick(self.now)

    def stop(self) -> None:
        """Stop ticking."""
        if self._handle is not None:
            self._handle.cancel()


def http_date(utc: time.struct_time) -> bytes:
    """Return a time as an IMF-fixdate (RFC 9110 §5.6.7), whatever the locale of the process."""
    day, month = _DAYS[utc.tm_wday], _MONTHS[utc.tm_mon - 1]
    clock = (utc.tm_hour, utc.tm_min, utc.tm_sec)
    return b"%b, %02d %b %d %02d:%02d:%02d GMT" % (day, utc.tm_mday, month, utc.tm_year, *clock)
