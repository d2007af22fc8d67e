"""The roof's `App`: the core's, with the extensions every app wants.

The list is all there is to it: `App(defaults=())` leaves it out, `App(extensions=[...])` adds to
it or replaces one of the same name, and generated projects write it out. None of them stands
around a request: what they add is baked into heads, or is a route, or waits for an error.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from gambrel.core.app.app import App as CoreApp
from gambrel.extend import GUARDS, TRUSTED_ORIGINS, Extension, Level, Problem, Setup
from gambrel.middleware.headers.extension import SecurityHeaders
from gambrel.mounts.extension import Mounts
from gambrel.openapi.extension import OpenAPI
from gambrel.server.limits import ServerSettings, weakened

__all__ = ["App", "default_extensions"]


def default_extensions() -> list[Extension]:
    """Return what an app has unless it says otherwise.

    Headers that put browsers on the safe side, a guard against pages of other sites, the app's
    document with the page that shows it, other apps below a path, WebSockets, the limits of our
    server, and error pages for the developer. Limits of bodies and the check of hosts are settings
    of the core; `request.id` is made when it is asked for.
    """
    safe: list[Extension] = [SecurityHeaders(), GuardWhereUnsafe()]
    return [*safe, OpenAPI(), Mounts(), SocketsWhereUsed(), ServerLimits(), DebugWhereOn()]


class CrossOriginSettings(Struct, frozen=True, kw_only=True):
    """Which pages of other origins may change things, and who says nothing of where he comes from.

    See `OriginGuard`.
    """

    trusted: list[str] = []
    allow_unknown: bool = True


class GuardWhereUnsafe:
    """`CrossOriginProtection(allow_unknown=True)`, loaded where a route may change something."""

    name = "cross_origin"
    requires = ()
    settings = CrossOriginSettings

    def install(self, setup: Setup) -> None:
        """Guard the handlers; of those for safe methods nothing is asked."""
        guard: Any = partial(guard_unsafe, setup)
        setup.add(GUARDS, guard)
        setup.check(check_open, deploy=True)


def guard_unsafe(setup: Setup, route: Any, call: Any, failed: Any) -> Any:
    """Return the call of a route, guarded where it may change something."""
    if _SAFE.issuperset(route.methods):
        return call
    home = import_module("gambrel.middleware.cross_origin")
    return home.guard_handler(setup, TRUSTED_ORIGINS, route, call, failed)


def check_open(app: Any) -> Iterable[Problem]:
    """Tell of the routes that pages of other sites may use."""
    found: Iterable[Problem] = import_module("gambrel.origins").check_open(app)
    return found


_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "WEBSOCKET"})


class SocketsWhereUsed:
    """`WebSockets()`, loaded where the app names `WebSocket` or `connect`: no other pays for it."""

    name = "websockets"
    requires = ()

    @cached_property
    def settings(self) -> Extension | None:
        """The real one, which is its own settings."""
        if not {"gambrel.websockets.socket", "gambrel.websockets.client"} & sys.modules.keys():
            return None
        found: Extension = import_module("gambrel.websockets.extension").WebSockets()
        return found

    def install(self, setup: Setup) -> None:
        """Install the real one."""
        if self.settings is not None:
            self.settings.install(setup)


class ServerLimits:
    """The settings of the native server, which is started from above and no part of an app."""

    name = "server"
    requires = ()
    settings = ServerSettings

    def install(self, setup: Setup) -> None:
        """Let `gambrel check --deploy` list what lets more through than its default."""
        setup.check(check_limits, deploy=True)
        setup.check(check_waits)


def check_limits(app: Any) -> Iterator[Problem]:
    """Tell of each limit that is weaker than its default."""
    for name, value, usual in weakened(app.settings.server):
        message = f"server.{name} is {value:g}, weaker than its default, {usual:g}"
        hint = f'leave it out, or accept it: silenced_checks = ["server.{name}"]'
        yield Problem(f"server.{name}", message, hint, level=Level.INFO)


def check_waits(app: Any) -> Iterator[Problem]:
    """Refuse `waits` where a thread would wait: there are few of them, and they do count."""
    for route in app.build().routes:
        plan = getattr(route.endpoint, "plan", None)
        if route.options.waits and plan is not None and not plan.signature.is_async:
            message = f"{route.pattern.text} says waits=True, and would hold a thread meanwhile"
            hint = "make the handler `async def`, or leave out waits=True"
            yield Problem("server.waits", message, hint, route.where)


class DebugWhereOn:
    """`Debug()`, loaded only where the app's `debug` is on: no other app pays for its import."""

    name = "debug"
    requires = ()
    settings = None

    def install(self, setup: Setup) -> None:
        """Install the real one, or only what `gambrel check` asks."""
        if setup.settings.core.debug:
            import_module("gambrel.debug.extension").Debug().install(setup)
        else:
            setup.check(check_routes, start=False)


def check_routes(app: Any) -> Iterable[Problem]:
    """Warn of parameters that are probably not where they are meant to be."""
    found: Iterable[Problem] = import_module("gambrel.debug.extension").check_routes(app)
    return found


class App(CoreApp):
    """A web application, with the default extensions; see `gambrel.core.app.app.App`."""

    def __init__(
        self,
        *,
        extensions: Iterable[Extension] = (),
        defaults: Sequence[Extension] | None = None,
        root: str | Path | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(
            extensions=extensions,
            defaults=default_extensions() if defaults is None else defaults,
            root=root,
            **arguments,
        )
