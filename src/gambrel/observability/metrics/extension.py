"""`Metrics`: the extension that counts, and shows its figures at `/metrics`."""

from collections.abc import AsyncIterator
from typing import Self

from msgspec import Struct, field

from gambrel.core.http.errors import NotFound
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import OBSERVERS, Point, Secret, Setup
from gambrel.observability.insiders import LOOPBACK, Insiders
from gambrel.observability.metrics.kinds import Metric, distinct, render
from gambrel.observability.metrics.process import process_metrics
from gambrel.observability.metrics.requests import RequestMetrics

__all__ = ["METRICS", "Metrics"]

METRICS: Point[Metric] = Point("metric", key=lambda metric: metric.name)
"""What is shown beside the framework's own figures; the app and its extensions add to it."""
FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics(Struct, frozen=True, kw_only=True):
    """Show figures to Prometheus at `path`: requests, the process, and those in `METRICS`.

    They are for `networks` and for whoever has the `token`; to others there is nothing there. With
    several workers, an answer has the figures of the one that was asked.
    """

    path: str = "/metrics"
    networks: list[str] = field(default_factory=lambda: list(LOOPBACK))
    token: Secret = field(default_factory=lambda: Secret(""))

    name = "metrics"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the route, and listen to answers."""
        given: Metrics = setup.settings.metrics
        insiders = Insiders(given.networks, given.token.reveal())
        requests = RequestMetrics()
        for metric in (requests.answers, requests.seconds, *process_metrics()):
            setup.add(METRICS, metric)
        shown: list[Metric] = []

        async def metrics(request: Request) -> Response:
            if not insiders.admits(request):
                raise NotFound
            return Response(render(shown), 200, {"cache-control": "no-store"}, FORMAT)

        async def gather_metrics() -> AsyncIterator[None]:
            shown[:] = distinct(setup.declarations.values(METRICS))
            yield

        setup.add(OBSERVERS, requests.observe)
        essential = {"essential": True}  # figures are wanted most under load
        setup.route(given.path, metrics, name="metrics", hidden=True, extra=essential)
        setup.lifespan(gather_metrics)
