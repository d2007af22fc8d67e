"""`RateLimits`: the extension that limits how often clients ask, and makes limits for routes."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import Band, Level, Problem, Setup
from gambrel.limits.limit import By, CallNext, Cost, Limit, by_network
from gambrel.limits.rates import read_rate
from gambrel.limits.stores.memory import MemoryCounts
from gambrel.limits.stores.store import Counts

__all__ = ["RateLimitSettings", "RateLimits"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class RateLimitSettings(Struct, frozen=True, kw_only=True):
    """How often one client may ask the whole app."""

    rates: Annotated[list[str], Meta(description='such as "20/second"; none for no limit')] = []


class RateLimits:
    """Limit how often a client may ask the app: `RateLimits("300/minute", "20/second")`.

    A client is an address behind trusted proxies, of IPv6 a network of 64 bits; `by(request)` may
    tell clients apart otherwise, and return None for who is not counted. Routes with
    `extra={"rate_limit": False}` are not counted either. `limits.at("5/hour")` is a further limit,
    as a middleware for routes and groups. Beyond a limit the answer is 429, with `Retry-After`.
    """

    name = "rate_limits"
    requires = ()

    def __init__(self, *rates: str, store: Counts | None = None, by: By = by_network) -> None:
        for rate in rates:
            read_rate(rate, "RateLimits(...)")
        self.settings = RateLimitSettings(rates=list(rates))
        self.counts: Counts = MemoryCounts() if store is None else store
        self.by = by
        self.names = {"app"}

    def at(self, *rates: str, name: str = "", by: By | None = None, cost: Cost = 1.0) -> Limit:
        """Return a limit for routes: `@app.get("/search", middleware=[limits.at("5/second")])`.

        All routes that have it share one count; `name` is what clients are shown of it, and under
        which it is counted where several processes do. A request counts for `cost`, a number or a
        function of the request.

        Raises:
            GambrelError: A rate is none, there is none, or the name is taken or no word.
        """
        where = "RateLimits.at(...)"
        if not rates:
            raise GambrelError("limits.rate", "no rate is given", where, 'limits.at("5/second")')
        name = name or f"limit-{len(self.names)}"
        if name in self.names or not _NAME.fullmatch(name):
            what = f"a limit cannot be called {name!r}"
            hint = 'a word that no other has: name="search"'
            raise GambrelError("limits.name", what, where, hint)
        self.names.add(name)
        return Limit(
            self.counts, [read_rate(one, where) for one in rates], name, by or self.by, cost
        )

    def install(self, setup: Setup) -> None:
        """Declare the middleware, if the whole app is limited."""
        given: RateLimitSettings = setup.settings.rate_limits
        rates = [read_rate(one, "the setting rate_limits.rates") for one in given.rates]
        if rates:
            setup.middleware(for_all(Limit(self.counts, rates, "app", self.by)), Band.TRANSPORT)
        setup.lifespan(self.closing)
        setup.check(self.check_shared, deploy=True)

    async def closing(self) -> AsyncIterator[None]:
        """Close the store when the app stops."""
        yield
        close = getattr(self.counts, "close", None)
        if close is not None:
            await close()

    def check_shared(self, _app: Any) -> Iterator[Problem]:
        """Yield that several workers would count for themselves."""
        if isinstance(self.counts, MemoryCounts):
            what = "each worker counts for itself, so that a client may ask as often at each"
            hint = "RateLimits(store=RedisCounts(...)), where there are several"
            yield Problem("limits.shared", what, hint, "RateLimits(...)", Level.WARNING)


def for_all(limit: Limit) -> Callable[..., Any]:
    """Return the middleware of an app, which leaves out the routes that say so."""

    async def rate_limit(request: Request, call_next: CallNext) -> Response:
        route: Any = request.route
        if route is not None and route.options.extra.get("rate_limit") is False:
            return await call_next(request)
        return await limit(request, call_next)

    return rate_limit
