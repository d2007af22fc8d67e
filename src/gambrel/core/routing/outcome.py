"""What a match can be other than a route: a choice by predicates, or a miss.

The table makes them; the app asks a `Choice` to `pick` and a `Miss` to `answer`. Neither has an
`endpoint`, so that the request path tests one attribute.
"""

from typing import Any, ClassVar

from msgspec import Struct

from gambrel.core.http.errors import BadRequest, HTTPError, MethodNotAllowed
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.core.routing.route import Route

_SOCKET = "A WebSocket is served here."


class Miss(Struct, frozen=True):
    """No route: 404, 405, 400, 406, 415 or 426; or 204 (automatic OPTIONS) or 308 (slash redirect).

    `allow` are the methods the path does have, `location` the path to redirect to; the app adds
    the query. `failure` is what a predicate raised, `headers` are those of the error.
    """

    status: int
    allow: tuple[str, ...] = ()
    location: str = ""
    detail: str = ""
    failure: Exception | SystemExit | None = None
    headers: dict[str, str] = {}

    endpoint: ClassVar[None] = None

    def answer(self, request: Request) -> Response:
        """Return what is answered by itself: to OPTIONS, or a redirect. Raises the error."""
        if self.status == 204:
            return Response(b"", 204, {"allow": ", ".join(self.allow)})
        if self.status == 308:
            query = f"?{request.query_string}" if request.query_string else ""
            return Response(b"", 308, {"location": request.root_path + self.location + query})
        if self.status == 405:
            raise MethodNotAllowed(self.detail, allow=self.allow)
        if self.status == 426:  # RFC 9110 §15.5.22
            raise HTTPError(_SOCKET, status=426, headers={"upgrade": "websocket"})
        raise self.failure or HTTPError.by_status[self.status](self.detail, headers=self.headers)


class Choice:
    """Routes with the same path and method, told apart by their predicates."""

    __slots__ = ("routes",)

    endpoint: ClassVar[None] = None
    status: ClassVar[int] = 0

    def __init__(self, routes: list[Route]) -> None:
        self.routes = sorted(routes, key=lambda route: -len(route.options.when))
        tests = [test for route in routes for test in route.options.when]
        for route in routes:
            route.varies = sorted({getattr(test, "varies", "") for test in tests} - {""})

    def pick(self, request: Any) -> Route | Miss:
        """Return the route that suits the request best, or the miss that says why none does.

        More predicates win, then the media type the client prefers, then the declared order.
        """
        suiting: list[Route] = []
        failures = set()
        try:
            for route in self.routes:
                failed = [getattr(p, "status", 404) for p in route.options.when if not p(request)]
                if failed:
                    failures.add(404 if 404 in failed else max(failed))
                elif not suiting or len(route.options.when) == len(suiting[0].options.when):
                    suiting.append(route)
            if suiting:
                return prefer(suiting, request)
        except BadRequest as error:
            return Miss(400, detail=error.detail)
        except (Exception, SystemExit) as error:  # the fault of a predicate: the app answers
            return Miss(500, failure=error)
        varies = {"vary": ", ".join(self.routes[0].varies)} if self.routes[0].varies else {}
        return Miss(next(s for s in (406, 415, *failures) if s in failures), headers=varies)


def prefer(routes: list[Route], request: Any) -> Route:
    """Return the route whose `accept` has the type that the client likes best."""
    by_type: dict[str, Route] = {}
    for route in routes:
        for predicate in route.options.when:
            if getattr(predicate, "name", "") == "accept":
                by_type = {**dict.fromkeys(predicate.values, route), **by_type}
    # The first stands for the server's preference among equals.
    offers = [media_type for route in routes for media_type, r in by_type.items() if r is route]
    if len(routes) < 2 or not offers:
        return routes[0]
    from gambrel.core.http.fields.negotiation import best_match  # noqa: PLC0415 - start-up: Accept
    from gambrel.core.routing.predicates import accept_of  # noqa: PLC0415 - start-up: Accept

    best = best_match(accept_of(request), offers)
    return routes[0] if best is None else by_type[best]
