"""Answers counted by method, route and status, and how long they took."""

from bisect import bisect_left
from operator import add
from typing import Any

from gambrel.core.http.request import Request
from gambrel.observability.metrics.kinds import SECONDS, Counter, Histogram, Key

__all__ = ["RequestMetrics"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"})


class RequestMetrics:
    """Hears of every answer; `route` is the template of a path, never the path itself.

    While answers are sent, one list for each kind of them is counted in; the two metrics are made
    of those when they are read.
    """

    def __init__(self) -> None:
        self.answers = Counter(
            "http_requests_total", "Answers to requests.", ("method", "route", "status")
        )
        self.seconds = Histogram(
            "http_request_duration_seconds", "From a request to its answer.", ("method", "route")
        )
        self.answers.refresh = self.seconds.refresh = self.refresh
        self.counts: dict[Key, list[float]] = {}
        self.known: dict[tuple[Any, str, int], list[float]] = {}

    def observe(self, request: Request, status: int, seconds: float) -> None:
        """Count an answer."""
        try:
            counts = self.known[request.endpoint, request.method, status]
        except KeyError:
            counts = self.look_up(request, status)
        counts[bisect_left(SECONDS, seconds)] += 1
        counts[-1] += seconds

    def look_up(self, request: Request, status: int) -> list[float]:
        """Return where an answer is counted that is the first of its kind."""
        route = request.route
        path = "" if route is None else str(route.pattern)
        method = request.method if request.method in _METHODS else "OTHER"
        key = self.answers.key({"method": method, "route": path, "status": status}, self.counts)
        counts = self.counts.setdefault(key, [0.0] * (len(SECONDS) + 2))
        if request.method in _METHODS:
            self.known[request.endpoint, request.method, status] = counts
        return counts

    def refresh(self) -> None:
        """Make the two metrics of what has been counted."""
        self.seconds.counts = {}
        for (method, route, status), counts in list(self.counts.items()):
            self.answers.values[method, route, status] = sum(counts[:-1])
            series = self.seconds.series((method, route))
            series[:] = map(add, series, counts)
