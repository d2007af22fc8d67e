"""When the next process may be started in place of one that has ended.

A process that has served for a while is replaced at once, whatever ended it. One that dies as soon
as it is started would be started again and again, so each time the wait doubles.
"""

__all__ = ["Backoff"]

FIRST, LONGEST = 0.1, 30.0
"""Seconds of the first and of the longest wait."""
NOBODY = 2.0
"""Seconds of the longest wait while no other process of the kind does its work."""
YOUNG = 1.0
"""Seconds of work after which a process counts as one that can work."""


class Backoff:
    """Counts the early deaths of one kind of process. Times are those of one monotonic clock."""

    def __init__(self) -> None:
        self.deaths = 0
        self._since = 0.0

    def note(self, now: float, worked: float) -> None:
        """Note that a process has ended which has worked for so many seconds."""
        self.deaths = 0 if worked >= YOUNG else self.deaths + 1
        self._since = now

    def wait(self, *, is_last: bool) -> float:
        """Return how many seconds are waited; `is_last` where no other of the kind works."""
        if not self.deaths:
            return 0.0
        longest = NOBODY if is_last else LONGEST
        return min(longest, FIRST * 2.0 ** min(self.deaths - 1, 20))

    def is_over(self, now: float, *, is_last: bool) -> bool:
        """Tell whether the next process may be started."""
        return now >= self._since + self.wait(is_last=is_last)
