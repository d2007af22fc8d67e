"""How often a form may be sent: a hook, and a plain limit for each client.

A client that has sent too often is told how long to wait, and keeps what was typed.
"""

import inspect
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from gambrel.core.http.request import Request
from gambrel.origins import network_of

__all__ = ["Once", "PerClient", "Rate", "Tally", "impose_rate"]

Rate = Callable[[Request], int | Awaitable[int]]
"""Called for each form that is sent: the seconds to wait, 0 where it may pass."""
DAY = 86_400
KEPT = 10_000
"""Keys that are remembered; beyond that the oldest are forgotten."""


class Tally:
    """How often something has happened within some seconds, in the memory of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.counts: dict[Any, tuple[int, float]] = {}

    def hit(self, key: Any, seconds: int) -> tuple[int, int]:
        """Count once more; return the count, and the seconds until it begins anew."""
        now = self.clock()
        count, ends = self.counts.pop(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + seconds
        self.counts[key] = count + 1, ends  # at the end, as the youngest
        while len(self.counts) > KEPT:
            del self.counts[next(iter(self.counts))]
        return count + 1, max(1, math.ceil(ends - now))

    def forget(self, key: Any) -> None:
        """Begin anew."""
        self.counts.pop(key, None)


class Once:
    """Lets something be done once, unless the request that has done it comes to nothing."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.held: list[Any] = []

    def take(self, key: Any) -> bool:
        """Whether nobody has taken a key within a day; this request has, from now on."""
        if self.tally.hit(key, DAY)[0] > 1:
            return False
        self.held.append(key)
        return True

    def give_back(self) -> None:
        """Let what this request has taken be taken again."""
        while self.held:
            self.tally.forget(self.held.pop())


class PerClient:
    """Let each client send a form of one route `times` within some `seconds`: `Forms(rate=...)`.

    Clients are told apart by their address after the trusted proxies, of IPv6 by its first 64
    bits. Each process counts for itself.
    """

    def __init__(
        self, times: int, seconds: int = 60, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.times = times
        self.seconds = seconds
        self.tally = Tally(clock)

    def __call__(self, request: Request) -> int:
        """Return the seconds that the client of a request has to wait."""
        route = getattr(request.route, "where", "")
        count, left = self.tally.hit((network_of(request.client), route), self.seconds)
        return left if count > self.times else 0


class Sent(Protocol):
    """A form, or one in steps."""

    def refuse(self, path: str, message: str, code: str = ...) -> None:
        """Add a fault: there is no value then."""


async def impose_rate(rate: Rate, request: Request, form: Sent) -> None:
    """Refuse a form that was sent too often; what was typed stays."""
    found = rate(request)
    seconds = await found if inspect.isawaitable(found) else found
    if seconds:
        unit = "second" if seconds == 1 else "seconds"
        form.refuse("", f"This was sent too often. Try again in {seconds} {unit}.", "rate")
        request.draft.headers["retry-after"] = str(seconds)
