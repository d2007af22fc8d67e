"""`Metrics`: the extension that counts, and shows its figures at `/metrics`."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Self

from msgspec import Struct, field

from gambrel.core.http.errors import NotFound, ServiceUnavailable
from gambrel.core.http.request import Request
from gambrel.core.http.response import Response
from gambrel.extend import FIGURES, OBSERVERS, Env, Point, Secret, Setup
from gambrel.observability.insiders import LOOPBACK, Insiders
from gambrel.observability.metrics.kinds import Metric, distinct, metric_of, render
from gambrel.observability.metrics.process import process_metrics
from gambrel.observability.metrics.requests import RequestMetrics

__all__ = ["METRICS", "Metrics"]

METRICS: Point[Metric] = Point("metric", key=lambda metric: metric.name)
"""What is shown beside the framework's own figures; the app and its extensions add to it."""
Merged = Callable[[], Awaitable[list[Metric]]]
FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_log = logging.getLogger("gambrel.metrics")
_EVERY = 1.0
"""Seconds between two of the figures that a process leaves: what a killed one takes with it."""


class Metrics(Struct, frozen=True, kw_only=True):
    """Show figures to Prometheus at `path`: requests, the process, and those in `METRICS`.

    They are for `networks` and for whoever has the `token`; to others there is nothing there.
    Processes that share a `folder` show their figures together; workers of `gambrel run` have one.
    They are those of one `service`; without a name, those whose app has the same root folder.
    """

    path: str = "/metrics"
    networks: list[str] = field(default_factory=lambda: list(LOOPBACK))
    token: Secret = field(default_factory=lambda: Secret(""))
    folder: Annotated[str, Env("GAMBREL_SHARED_FOLDER")] = ""
    service: str = ""

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
        shared: list[Merged] = []

        async def metrics(request: Request) -> Response:
            if not insiders.admits(request):
                raise NotFound
            try:
                found = await shared[0]() if shared else shown
            except OSError as error:  # figures that are but a part would look like a fall
                raise ServiceUnavailable(f"The figures of all workers: {error}") from error
            return Response(render(found), 200, {"cache-control": "no-store"}, FORMAT)

        async def gather_metrics() -> AsyncIterator[None]:
            told = map(metric_of, setup.declarations.values(FIGURES))
            shown[:] = distinct([*setup.declarations.values(METRICS), *told])
            if not given.folder:
                yield
                return
            folder = Path(given.folder) / "metrics" / place_of(given.service or root)
            async with sharing(folder, shown) as merged:
                shared[:] = [merged] if merged else []
                yield

        setup.add(OBSERVERS, requests.observe)
        root = str(setup.settings.root.resolve())
        essential = {"essential": True}  # figures are wanted most under load
        setup.route(given.path, metrics, name="metrics", hidden=True, extra=essential)
        setup.lifespan(gather_metrics)


def place_of(service: str) -> str:
    """Return the name of the folder of a service below one that it may share with others."""
    return sha256(service.encode("utf-8", "surrogateescape")).hexdigest()[:16]


@asynccontextmanager
async def sharing(folder: Path, metrics: list[Metric]) -> AsyncIterator[Merged | None]:
    """Leave the figures of this process in a folder each second, and at the end.

    Yields what returns the metrics with the figures of all processes; where the folder cannot be
    written, with those of this one, which is logged: a full disk keeps no app from its start.
    """
    from gambrel.observability.metrics.shared import SharedFigures  # noqa: PLC0415 - start-up: workers

    try:
        figures = SharedFigures(folder, metrics)
    except OSError:
        _log.exception("figures cannot be shared in %s: each process shows its own", folder)
        yield None
        return

    async def write() -> None:
        while True:
            figures.write()
            await asyncio.sleep(_EVERY)

    task = asyncio.create_task(write(), name="metrics")
    try:
        yield lambda: asyncio.to_thread(figures.merged, figures.write())
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        figures.close()
