"""An in-process client and what else the tests of an application need.

Drives an app through its public entry, without a socket. Never imported by the framework itself.
Names load when they are first used, so that the pytest plugin costs nothing where it idles.
"""

import importlib
from typing import TYPE_CHECKING, Any

from gambrel import GambrelError

if TYPE_CHECKING:
    from gambrel.testing.client import AsyncClient, Client
    from gambrel.testing.command import Result, run_command
    from gambrel.testing.factory import build, make_request
    from gambrel.testing.server import LiveServer

__all__ = [
    "AsyncClient",
    "Client",
    "LiveServer",
    "Result",
    "build",
    "make_request",
    "run_command",
]

_HOMES = {
    "AsyncClient": "testing.client",
    "Client": "testing.client",
    "LiveServer": "testing.server",
    "Result": "testing.command",
    "build": "testing.factory",
    "make_request": "testing.factory",
    "run_command": "testing.command",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "httpx2":
            raise
        what = "the test client needs httpx2, which is not installed"
        hint = "pip install 'gambrel[test]'"
        raise GambrelError("testing.httpx2", what, f"gambrel.testing.{name}", hint) from error


def __dir__() -> list[str]:
    return sorted(__all__)
