"""A limit on how often one place in the code may log, so that no client can fill a disk.

Added to a log handler; what was left out is counted, and told with the next record let through.
"""

import logging
import time
from collections.abc import Callable

__all__ = ["FloodLimit"]

PLACES = 10_000
"""How many places are remembered; code has fewer."""


class FloodLimit(logging.Filter):
    """Let `records` a second pass for each place (file and line); errors count like the rest.

    `clock` gives seconds.
    """

    def __init__(self, records: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.records = records
        self.clock = clock
        self._seen: dict[tuple[str, int], list[float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record may pass; note on it how many before did not."""
        place = record.pathname, record.lineno
        now = self.clock()
        window = self._seen.get(place)
        if window is None:
            if len(self._seen) >= PLACES:
                self._seen.clear()
            self._seen[place] = [now, 1, 0]
            return True
        if now - window[0] >= 1.0:
            dropped = int(window[2])
            window[:] = [now, 1, 0]
            if dropped:
                record.suppressed = dropped
            return True
        window[1] += 1
        if window[1] <= self.records:
            return True
        window[2] += 1
        return False
