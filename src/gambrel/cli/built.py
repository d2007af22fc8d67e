"""What the commands read of a built app: everything that was declared, by whom and where.

The one file of this room that looks behind the door: the app has no reader's side of its Points.
"""

import os
from pathlib import Path
from typing import Any

from msgspec.structs import replace

import gambrel
from gambrel import App, Depends
from gambrel.core.app.checks import is_loopback, require_safe
from gambrel.core.app.extension import order_extensions
from gambrel.core.app.setup import (
    COMMANDS,
    ENTRANCES,
    ERROR_HANDLERS,
    LIFESPANS,
    MIDDLEWARE,
    RESPONSE_HEADERS,
    MiddlewareEntry,
)
from gambrel.core.http.host import refused_host
from gambrel.extend import Declared, Extension, Problem, Secret

__all__ = [
    "commands_of",
    "entrances_of",
    "ephemeral_secret",
    "error_handlers_of",
    "extensions_of",
    "handler_name",
    "headers_of",
    "is_loopback",
    "lifespans_of",
    "middleware_of",
    "name_of",
    "refused_host",
    "safety_problems",
    "short_place",
]

_FRAMEWORK = Path(gambrel.__file__).parent


# Names and places -------------------------------------------------------------------------------


def name_of(call: Any) -> str:
    """Return the name of a function, of what `Depends` holds, or of an object's type."""
    call = call.call if isinstance(call, Depends) else call
    return str(getattr(call, "__qualname__", None) or type(call).__qualname__)


def handler_name(handler: Any) -> str:
    """Return the dotted name of a handler, or of the type of what is mounted."""
    if handler is None or isinstance(handler, tuple):
        return str(handler[0]) if handler else ""
    return f"{getattr(handler, '__module__', '')}.{name_of(handler).rpartition('<locals>.')[2]}"


def short_place(where: str) -> str:
    """Return `file:line`, with the framework's own files named from its package."""
    file, _, line = where.rpartition(":")
    path = Path(file).absolute()
    if not file or not path.is_relative_to(_FRAMEWORK):
        return where
    return f"gambrel/{path.relative_to(_FRAMEWORK).as_posix()}:{line}"


# Declarations -----------------------------------------------------------------------------------


def extensions_of(app: App) -> list[Extension]:
    """Return the extensions in the order in which they were installed."""
    return order_extensions(app.extensions, app.defaults)


def entrances_of(app: App) -> list[Declared[Any]]:
    """Return who is asked as a request begins."""
    return app.declarations.get(ENTRANCES)


def middleware_of(app: App) -> list[Declared[MiddlewareEntry]]:
    """Return every middleware of the app, the outermost first."""
    return sorted(app.declarations.get(MIDDLEWARE), key=lambda one: one.value.band)


def headers_of(app: App) -> list[Declared[tuple[str, str]]]:
    """Return the header fields that every response gets."""
    return app.declarations.get(RESPONSE_HEADERS)


def lifespans_of(app: App) -> list[Declared[Any]]:
    """Return what is opened at start, in order."""
    return app.declarations.get(LIFESPANS)


def error_handlers_of(app: App) -> list[Declared[Any]]:
    """Return who answers errors."""
    return app.declarations.get(ERROR_HANDLERS)


def commands_of(app: App) -> list[Declared[Any]]:
    """Return the commands that the app and its extensions have added."""
    return app.declarations.get(COMMANDS)


# Safety -----------------------------------------------------------------------------------------


def ephemeral_secret() -> Secret:
    """Return a new key, for a development server without one: sessions end with the process."""
    return Secret(os.urandom(48).hex())


def safety_problems(app: App, bind_host: str | None, *, has_secret: bool) -> list[Problem]:
    """Return what keeps a built app from serving at an address, and what to warn of.

    Without `has_secret` the one it has does not count.
    """
    settings = app.settings.core
    if not has_secret:
        settings = replace(settings, secret_keys=[])
    return require_safe(settings, bind_host)
