"""Cross-origin protection: no other site can make a visitor's browser change anything here.

Browsers say where a request comes from (Fetch Metadata, else `Origin`), so unsafe methods need no
token. There is nothing secret to leak, and no exemption by content type. What may be made by other
sites is decided for each route at start-up.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from gambrel.core.http.errors import Forbidden
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.origins import OPEN, SAFE, OriginGuard

__all__ = ["OWN", "CrossOriginGuard", "guard_handler", "guard_route"]

OWN = "cross_origin"
"""In `extra` of a route or a group: an `OriginGuard` of its own."""

Call = Callable[[Request], Any]


class CrossOriginGuard(OriginGuard, frozen=True, kw_only=True, dict=True):
    """An `OriginGuard` over the requests of an app or a group."""

    async def __call__(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Go on, or raise Forbidden."""
        self.check(request)
        return await call_next(request)


def guard_route(
    route: Any, call: Call, failed: Callable[..., Any], guard: OriginGuard, cors: Any = None
) -> Call:
    """Return `call`, refused to pages of other sites where the route changes anything.

    `failed(request, error)` answers those. `cors` is the app's `CORSPolicy`: a page that it lets
    make a request passes. A mounted app of ours that has such a guard is left to its own.
    """
    extra = route.options.extra
    if extra.get(OPEN) or SAFE.issuperset(route.methods) or is_guarded(route.handler):
        return call
    policy = extra.get("cors", cors)
    check = extra.get(OWN, guard).check

    def guarded(request: Request) -> Any:
        try:
            check(request)
        except Forbidden as error:
            if policy is None or not policy.admits(request):
                return failed(request, error)
        return call(request)

    return guarded


def is_guarded(app: Any) -> bool:
    """Whether what a route leads to is an app of ours that guards its own handlers."""
    if not hasattr(app, "declarations"):
        return False
    return any(one.name == "cross_origin" for one in (*app.defaults, *app.extensions))


def guard_handler(setup: Any, trusted: Any, route: Any, call: Call, failed: Any) -> Call:
    """Return the call of a route as `guard_route` does, by the settings of an app.

    `trusted` is the Point of further origins, for one of which an extension has asked.
    """
    given: Any = setup.settings.cross_origin
    origins = [*given.trusted, *setup.declarations.values(trusted)]
    guard = OriginGuard(trusted=origins, allow_unknown=given.allow_unknown)
    policy = getattr(setup.settings, "cors", None)
    return guard_route(route, call, failed, guard, policy if policy and policy.rules else None)
