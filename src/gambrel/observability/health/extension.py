"""`Health`: the extension that adds the endpoints, and the Point where others add checks."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Self

from msgspec import Struct, field

from gambrel.extend import AppStarted, AppStopping, Point, Secret, Setup
from gambrel.observability.health.checks import HealthCheck, Monitor
from gambrel.observability.health.views import HealthViews
from gambrel.observability.insiders import LOOPBACK, Insiders

__all__ = ["HEALTH_CHECKS", "Health"]

HEALTH_CHECKS: Point[HealthCheck] = Point("health check", key=lambda check: check.name)
"""What an app needs to answer; the app and its extensions add to it."""


class Health(Struct, frozen=True, kw_only=True):
    """Answer probes: `live` (the process works), `ready` (send requests here), `startup`.

    `ready` asks the checks in `HEALTH_CHECKS` and the `ping` of every provider, together, each for
    at most `timeout` seconds, and keeps what they say for `keep` seconds; while the server drains
    it is 503. An empty path leaves an endpoint out. `any_host` answers probes whatever host they
    name. Why a check fails is told to `networks` and to whoever has the `token`.
    """

    live: str = "/health/live"
    ready: str = "/health/ready"
    startup: str = "/health/startup"
    timeout: float = 1.0
    keep: float = 1.0
    any_host: bool = True
    networks: list[str] = field(default_factory=lambda: list(LOOPBACK))
    token: Secret = field(default_factory=lambda: Secret(""))

    name = "health"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Declare the routes, and what begins and ends with the app."""
        given: Health = setup.settings.health
        views = HealthViews(Insiders(given.networks, given.token.reveal()))
        for path, handler in given.endpoints(views):
            name = f"health-{handler.__name__}"
            setup.route(path, handler, name=name, hidden=True, extra={"essential": True})

        def start(event: AppStarted) -> None:
            app = event.app
            if given.any_host:
                paths = (path for path, _ in given.endpoints(views))
                app.build().allowed_hosts.open_paths = frozenset(paths)
            views.is_draining = lambda: app.is_draining
            views.has_been_ready = False
            checks = checks_of(app)
            views.monitor = Monitor(checks, app.call, keep=given.keep, timeout=given.timeout)

        async def stop(_: AppStopping) -> None:
            monitor, views.monitor = views.monitor, None
            if monitor is not None:
                await monitor.close()

        setup.on(AppStarted, start, priority=-1)
        setup.on(AppStopping, stop, priority=1)

    def endpoints(self, views: HealthViews) -> Iterator[tuple[str, Callable[..., Any]]]:
        """Yield the paths that are served, and by what."""
        for path, handler in (
            (self.live, views.live),
            (self.ready, views.ready),
            (self.startup, views.startup),
        ):
            if path:
                yield path, handler


def checks_of(app: Any) -> list[HealthCheck]:
    """Return what was declared for an app, and a check for each provider that can be asked.

    A declared check takes the place of the provider of its name.
    """
    declared: list[HealthCheck] = app.declarations.values(HEALTH_CHECKS)
    taken = {check.name for check in declared}
    checks = {check.name: check for check in declared}
    for kind, provider in app.providers.by_kind.items():
        name = getattr(kind, "__name__", repr(kind))
        if provider.ping is not None and name not in taken:
            if name in checks:
                name = f"{kind.__module__}.{name}"
            checks[name] = HealthCheck(name, pinged(app, kind, provider.ping))
    return list(checks.values())


def pinged(app: Any, kind: Any, ping: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a check that asks for a value of a provider's, and pings it.

    A plain `ping` runs in a thread: it may wait for a network.
    """

    async def run(value: Any) -> Any:
        if inspect.iscoroutinefunction(ping):
            return await ping(value)
        answer = await app.pipeline.pool.run(ping, value)
        return await answer if inspect.isawaitable(answer) else answer

    run.__annotations__ = {"value": kind, "return": Any}
    return run
