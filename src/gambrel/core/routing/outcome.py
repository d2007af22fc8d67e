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

        More predicates win, then the better score (the quality in `Accept`), then the order of
        declaration.
        """
        best: Route | None = None
        best_score: tuple[int, float] = (-1, 0.0)
        failures = []
        for route in self.routes:
            scores = [(p.score(request), p.status) for p in route.options.when]
            refused = [status for score, status in scores if score <= 0]
            if refused:
                failures.append(404 if 404 in refused else max(refused))
                continue
            score = (len(scores), min((s for s, _ in scores), default=1.0))
            if score > best_score:
                best, best_score = route, score
        if best is not None:
            return best
        return Miss(next(status for status in (406, 415, 404) if status in failures))
