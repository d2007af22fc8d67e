"""Counts of one process, in its memory."""

import time
from collections.abc import Callable, Sequence

from gambrel.limits.rates import Rate, Verdict

__all__ = ["MemoryCounts"]

KEPT = 100_000
"""Keys that are remembered; beyond that the one is forgotten that was seen longest ago."""


class MemoryCounts:
    """Keeps counts in the memory of this process: each worker counts for itself."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.full: dict[tuple[str, Rate], float] = {}

    async def use(self, key: str, rates: Sequence[Rate], cost: float) -> list[Verdict]:
        """Count a request under a key, and return what each rate says of it."""
        return self.count(key, rates, cost)

    def count(self, key: str, rates: Sequence[Rate], cost: float) -> list[Verdict]:
        """The same at once."""
        now = self.clock()
        found = [rate.use(self.full.get((key, rate), 0.0), now, cost) for rate in rates]
        if all(one.passes for one in found):
            for rate, one in zip(rates, found, strict=True):
                self.full.pop((key, rate), None)
                self.full[key, rate] = one.full  # at the end, as the youngest
            while len(self.full) > KEPT:
                del self.full[next(iter(self.full))]
        return found
