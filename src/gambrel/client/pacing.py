"""How many requests a host gets in a second: what goes beyond waits for its turn."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic

__all__ = ["Pace"]

_MOST = 1_000
"""Hosts that are remembered, before those that have not been asked for a second are forgotten."""


class Pace:
    """Gives turns: at most `rate` in any second to each host, in the order of the calls; 0 for any.

    A turn is used up even where who waited for it has gone meanwhile.
    """

    def __init__(
        self,
        rate: int,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._sleep = sleep
        self._by_host: dict[str, deque[float]] = {}
        self._next_look = 0.0

    async def turn(self, host: str) -> None:
        """Return when the host may be asked."""
        if not self.rate:
            return
        now = self._clock()
        turns = self._by_host.get(host)
        if turns is None:
            self.forget(now)
            turns = self._by_host[host] = deque(maxlen=self.rate)
        at = max(now, turns[0] + 1.0) if len(turns) == self.rate else now
        turns.append(at)
        if at > now:
            await self._sleep(at - now)

    def forget(self, now: float) -> None:
        """Let go of hosts whose turns are all past, where there are many: once a second at most."""
        if len(self._by_host) >= _MOST and now >= self._next_look:
            self._next_look = now + 1.0
            kept = {host: turns for host, turns in self._by_host.items() if turns[-1] + 1.0 > now}
            self._by_host = kept

    def __len__(self) -> int:
        return len(self._by_host)
