"""What a match can be other than a route: a choice by predicates, or a miss.

The table makes them; the app asks a `Choice` to `pick` and answers a `Miss`. Both say `found` as
`Route` does, so that the request path tests one attribute.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from gambrel.core.http.errors import (
    BadRequest,
    HTTPError,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    UnsupportedMediaType,
)
from gambrel.core.http.negotiation import best_match
from gambrel.core.routing.predicates import Predicate, When, accept_of
from gambrel.core.routing.route import Route


@dataclass(frozen=True, slots=True)
class Miss:
    """No route: 404, 405, 400, 406 or 415; or 204 (automatic OPTIONS) or 308 (slash redirect).

    `allow` are the methods the path does have, `location` the path to redirect to; the app adds
    the query.
    """

    status: int
    allow: tuple[str, ...] = ()
    location: str = ""
    detail: str = ""

    found: ClassVar[bool] = False

    def error(self) -> HTTPError:
        """Return the error of a miss that is one."""
        if self.status == 405:
            return MethodNotAllowed(self.detail, allow=self.allow)
        kinds = (BadRequest, NotFound, NotAcceptable, UnsupportedMediaType)
        return next(kind for kind in kinds if kind.status == self.status)(self.detail)


NOT_FOUND = Miss(404)


class Choice:
    """Routes with the same path and method, told apart by their predicates."""

    __slots__ = ("routes",)

    found: ClassVar[bool] = False
    status: ClassVar[int] = 0

    def __init__(self, routes: list[Route]) -> None:
        self.routes = tuple(sorted(routes, key=lambda route: -len(route.options.when)))

    def pick(self, request: Any) -> Route | Miss:
        """Return the route that suits the request best, or the miss that says why none does.

        More predicates win, then the media type the client prefers, then the declared order.
        """
        suiting: list[Route] = []
        failures = set()
        try:
            for route in self.routes:
                failed = [status_of(p) for p in route.options.when if not p(request)]
                if failed:
                    failures.add(404 if 404 in failed else max(failed))
                elif not suiting or len(route.options.when) == len(suiting[0].options.when):
                    suiting.append(route)
            if not suiting:
                return Miss(next(status for status in (406, 415, 404) if status in failures))
            return prefer(suiting, request) if len(suiting) > 1 else suiting[0]
        except BadRequest as error:
            return Miss(400, detail=error.detail)


def status_of(predicate: Predicate) -> int:
    """Return what to answer where only this predicate fails."""
    return getattr(predicate, "status", 404)


def prefer(routes: list[Route], request: Any) -> Route:
    """Return the route whose `accept` has the type that the client likes best."""
    by_type: dict[str, Route] = {}
    for route in routes:
        for predicate in route.options.when:
            if isinstance(predicate, When) and predicate.name == "accept":
                for media_type in predicate.values:
                    by_type.setdefault(media_type, route)
    best = best_match(accept_of(request), list(by_type)) if by_type else None
    return by_type[best] if best is not None else routes[0]
