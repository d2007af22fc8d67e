"""Answers counted by method, route and status, and how long they took."""

from bisect import bisect_left
from typing import Any

from gambrel.core.http.request import Request
from gambrel.observability.metrics.kinds import SECONDS, Counter, Histogram

__all__ = ["RequestMetrics"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"})


class RequestMetrics:
    """Hears of every answer; `route` is the template of a path, never the path itself."""

    def __init__(self) -> None:
        self.answers = Counter(
            "http_requests_total", "Answers to requests.", ("method", "route", "status")
        )
        self.seconds = Histogram(
            "http_request_duration_seconds", "From a request to its answer.", ("method", "route")
        )
        self.known: dict[tuple[Any, str, int], tuple[list[float], tuple[str, ...]]] = {}

    def observe(self, request: Request, status: int, seconds: float) -> None:
        """Count an answer."""
        try:
            series, key = self.known[request.endpoint, request.method, status]
        except KeyError:
            series, key = self.look_up(request, status)
        series[bisect_left(SECONDS, seconds)] += 1
        series[-1] += seconds
        self.answers.values[key] += 1

    def look_up(self, request: Request, status: int) -> tuple[list[float], tuple[str, ...]]:
        """Return where an answer is counted that is the first of its kind."""
        route = request.route
        path = "" if route is None else str(route.pattern)
        method = request.method if request.method in _METHODS else "OTHER"
        labels = {"method": method, "route": path}
        key = self.answers.key({**labels, "status": status}, self.answers.values)
        self.answers.values.setdefault(key, 0.0)
        found = self.seconds.series(self.seconds.key(dict(labels), self.seconds.counts)), key
        if request.method in _METHODS:
            self.known[request.endpoint, request.method, status] = found
        return found
