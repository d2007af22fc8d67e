"""`WebSockets`: the extension that opens what `App.websocket` has declared."""

from collections.abc import Callable, Iterator
from typing import Any, Self, get_origin

from gambrel.core.http.errors import BadGateway, GatewayTimeout
from gambrel.core.http.request import Request
from gambrel.extend import WEBSOCKETS, Problem, Setup
from gambrel.origins import OriginRules
from gambrel.websockets.failures import WebSocketFailed
from gambrel.websockets.limits import Limits
from gambrel.websockets.opening import endpoint_of, limited
from gambrel.websockets.socket import WebSocket, current

__all__ = ["WebSockets"]


class WebSockets(Limits, frozen=True, kw_only=True):
    """Open WebSockets; `origins` are those of the pages that may, besides the app's own.

    An origin is `https://app.example.com`, or `https://*.example.com` for all below that name. The
    other fields are limits: see `Limits`. What no page has opened, a program, has no origin.
    """

    origins: tuple[str, ...] = ()

    name = "websockets"
    requires = ()

    @property
    def settings(self) -> Self:
        """Itself: every field is a setting."""
        return self

    def install(self, setup: Setup) -> None:
        """Offer to open sockets, and to inject them."""
        given: WebSockets = setup.settings.websockets
        origins = OriginRules(given.origins)

        def serve(
            call: Any, failed: Any, max_message: int | None, plan: Any = None
        ) -> Callable[..., Any]:
            return endpoint_of(call, failed, plan, limited(given, max_message), origins)

        setup.add(WEBSOCKETS, serve)
        setup.provide(WebSocket, current)
        setup.on_error(WebSocketFailed, failed)
        setup.check(check_handlers)


def failed(_request: Request, error: Exception) -> None:
    """Answer what has failed between us and others; whom we asked is for the log alone."""
    if isinstance(error.__cause__, TimeoutError):
        raise GatewayTimeout(str(error)) from error
    raise BadGateway(str(error)) from error


def check_handlers(app: Any) -> Iterator[Problem]:
    """Yield the handlers of requests that ask for a WebSocket, which would fail at each of them."""
    for route in app.routes:
        plan = getattr(route.endpoint, "plan", None)
        if plan is None or "WEBSOCKET" in route.methods:
            continue
        for parameter in plan.parameters:
            if (get_origin(parameter.annotation) or parameter.annotation) is WebSocket:
                method = "/".join(route.methods)
                what = f"{method} {route.pattern} is no WebSocket, and its handler asks for one"
                hint = f"declare it with `@app.websocket({str(route.pattern)!r})`"
                yield Problem("websockets.handler", what, hint, route.where)
