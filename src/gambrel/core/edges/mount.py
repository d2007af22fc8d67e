"""Mounting: another ASGI or WSGI app, or a raw ASGI callable, as the endpoint of a route."""

from collections.abc import Awaitable, Callable
from typing import Any

from gambrel.core.http.request import Request
from gambrel.core.http.response import Response

__all__ = ["mounted"]


def mounted(route: Any) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that hands a request to the app mounted at `route`."""
    raise NotImplementedError(route)
