"""A limit: who is counted, by which rates, and what who has asked too often is told.

Answers have the fields of draft-ietf-httpapi-ratelimit-headers: `RateLimit-Policy` says what
holds, `RateLimit` what is left.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence

from gambrel.core.http.errors import TooManyRequests
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.limits.rates import Rate, Verdict
from gambrel.limits.stores.store import Counts
from gambrel.origins import network_of

__all__ = ["By", "Cost", "Limit", "by_network"]

CallNext = Callable[[Request], Awaitable[Response]]
By = Callable[[Request], str | Awaitable[str | None] | None]
"""Who is counted: a text for each, or None for who is not."""
Cost = Callable[[Request], float] | float
"""For how many requests one counts; one of 0 passes and is not counted."""


def by_network(request: Request) -> str:
    """Return the address of a client behind trusted proxies; of IPv6 its network of 64 bits."""
    return network_of(request.client)


class Limit:
    """A middleware of `RateLimits`; `name` is what clients are shown of it."""

    def __init__(
        self, counts: Counts, rates: Sequence[Rate], name: str, by: By, cost: Cost = 1.0
    ) -> None:
        self.counts = counts
        self.rates = rates
        self.name = name
        self.by = by
        self.cost = cost
        self.policy = ", ".join(
            f'"{self.called(index)}";q={rate.times};w={rate.seconds:g}'
            for index, rate in enumerate(rates)
        )

    async def __call__(self, request: Request, call_next: CallNext) -> Response:
        """Answer 429 to who has asked too often, and say to others what is left."""
        found = await self.use(request)
        if found is None:
            return await call_next(request)
        fields = {"ratelimit-policy": self.policy, "ratelimit": self.told(found)}
        wait = max(one.wait for one in found)
        if wait:
            what = f"too many requests: try again in {wait} s"
            raise TooManyRequests(what, retry_after=wait, headers=fields)
        response = await call_next(request)
        for name, value in fields.items():
            response.headers.add(name, value)
        return response

    async def wait(self, request: Request) -> int:
        """Count a request; return the seconds to wait, 0 where it passes: for `Forms(rate=...)`."""
        found = await self.use(request)
        return 0 if found is None else max(one.wait for one in found)

    async def use(self, request: Request) -> list[Verdict] | None:
        """Count a request; None where it is not counted."""
        cost = self.cost(request) if callable(self.cost) else self.cost
        who = self.by(request)
        if inspect.isawaitable(who):
            who = await who
        if who is None or cost <= 0:
            return None
        return await self.counts.use(f"{self.name}:{who}", self.rates, cost)

    def told(self, found: Sequence[Verdict]) -> str:
        """Return what is left by each rate, as clients are told."""
        return ", ".join(
            f'"{self.called(index)}";r={one.left};t={one.reset}' for index, one in enumerate(found)
        )

    def called(self, index: int) -> str:
        """Return what a rate is called: several of one limit have numbers."""
        return self.name if len(self.rates) == 1 else f"{self.name}-{index + 1}"
