"""Rates, and what is left of one: the generic cell rate algorithm (GCRA, ITU-T I.371).

A count is one number: the moment at which everything that was used is there again. It is exact, has
no windows at whose edges twice as much would pass, and is the same in memory and in Redis.
"""

import math
import re

from msgspec import Struct

from gambrel.core.http.errors import GambrelError

__all__ = ["Rate", "Verdict", "read_rate"]

_RATE = re.compile(r"([1-9]\d{0,8})/([1-9]\d{0,6})?(second|minute|hour|day)s?")
_ROUNDING = 1e-5
"""Seconds that sums of fractions may be off."""
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


class Rate(Struct, frozen=True):
    """So many requests, `times`, in so many `seconds`; all of them may come at once."""

    times: int
    seconds: float

    @property
    def interval(self) -> float:
        """Seconds after which one more may come."""
        return self.seconds / self.times

    def use(self, full: float, now: float, cost: float) -> "Verdict":
        """Return what comes of a request, by the moment at which everything is there again."""
        after = max(full, now) + self.interval * cost
        passes = after - now <= self.seconds + _ROUNDING
        used = after - now if passes else max(full - now, 0.0)
        left = max(0, math.floor((self.seconds - used) / self.interval + 1e-6))
        wait = 0 if passes else max(1, math.ceil(after - self.seconds - now - _ROUNDING))
        return Verdict(
            passes, after if passes else full, left, max(0, math.ceil(used - _ROUNDING)), wait
        )


class Verdict(Struct, frozen=True):
    """Whether a request passes, how many more would, and in how many seconds what is there."""

    passes: bool
    full: float
    left: int
    reset: int
    wait: int


def read_rate(text: str, where: str = "") -> Rate:
    """Read `10/second`, `100/minute`, `1000/2hours`. Raises GambrelError for anything else."""
    found = _RATE.fullmatch(text.replace(" ", ""))
    if found is None:
        what = f"{text!r} is no rate"
        raise GambrelError("limits.rate", what, where, '"10/second", "300/minute", "1000/2hours"')
    times, many, unit = found.groups()
    return Rate(int(times), float(int(many or 1) * _UNITS[unit]))
