"""An in-process client and what else the tests of an application need.

Drives an app through its public entry, without a socket. Never imported by the framework itself.
Names load when they are first used, so that the pytest plugin costs nothing where it idles.
"""

import importlib
from typing import TYPE_CHECKING, Any

from gambrel import GambrelError

if TYPE_CHECKING:
    from gambrel.testing.agreement import assert_contract
    from gambrel.testing.client import AsyncClient, Client
    from gambrel.testing.command import Result, run_command
    from gambrel.testing.contracts import contract
    from gambrel.testing.factory import build, make_request
    from gambrel.testing.server import LiveServer
    from gambrel.testing.sockets import WebSocketRefused

__all__ = [
    "AsyncClient",
    "Client",
    "LiveServer",
    "Result",
    "WebSocketRefused",
    "assert_contract",
    "build",
    "contract",
    "make_request",
    "run_command",
]

_HOMES = {
    "AsyncClient": "testing.client",
    "Client": "testing.client",
    "LiveServer": "testing.server",
    "Result": "testing.command",
    "WebSocketRefused": "testing.sockets",
    "assert_contract": "testing.agreement",
    "build": "testing.factory",
    "contract": "testing.contracts",
    "make_request": "testing.factory",
    "run_command": "testing.command",
}

_EXTRAS = {"httpx2": "gambrel[test]", "schemathesis": "schemathesis"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        what = f"{name} needs {error.name}, which is not installed"
        place, hint = f"gambrel.testing.{name}", f"pip install '{_EXTRAS[error.name]}'"
        raise GambrelError("testing.not-installed", what, place, hint) from error


def __dir__() -> list[str]:
    return sorted(__all__)
