"""The door: what an extension declares with. Batteries and third parties import the same names.

An extension is any object with `name`, `requires`, `settings` and `install(setup)`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.checks import Level, Problem
    from gambrel.conversion.objects import object_converter
    from gambrel.conversion.schemas import json_schemas
    from gambrel.conversion.shape import Codec, read_shape
    from gambrel.core.app.errors import DEBUG_RENDERER
    from gambrel.core.app.events import (
        AppStarted,
        AppStopping,
        ErrorReported,
        Event,
        RequestFailed,
    )
    from gambrel.core.app.extension import Extension
    from gambrel.core.app.points import Declared, Point
    from gambrel.core.app.setup import (
        ANSWERED,
        ENTRANCES,
        GUARDS,
        HANDLER_ADAPTER,
        MESSAGES,
        MOUNTING,
        OBSERVERS,
        OUTGOING,
        TEMPLATE_FILTERS,
        TEMPLATE_GLOBALS,
        TRUSTED_ORIGINS,
        WEBSOCKETS,
        Band,
        Mounted,
        Setup,
    )
    from gambrel.core.binding.markers import Depends
    from gambrel.core.routing.router import Router
    from gambrel.operations import Operation
    from gambrel.settings import Env, Secret
    from gambrel.telemetry import FIGURES, WORK, Figure

__all__ = [
    "ANSWERED",
    "DEBUG_RENDERER",
    "ENTRANCES",
    "FIGURES",
    "GUARDS",
    "HANDLER_ADAPTER",
    "MESSAGES",
    "MOUNTING",
    "OBSERVERS",
    "OUTGOING",
    "TEMPLATE_FILTERS",
    "TEMPLATE_GLOBALS",
    "TRUSTED_ORIGINS",
    "WEBSOCKETS",
    "WORK",
    "AppStarted",
    "AppStopping",
    "Band",
    "Codec",
    "Declared",
    "Depends",
    "Env",
    "ErrorReported",
    "Event",
    "Extension",
    "Figure",
    "Level",
    "Mounted",
    "Operation",
    "Point",
    "Problem",
    "RequestFailed",
    "Router",
    "Secret",
    "Setup",
    "json_schemas",
    "object_converter",
    "read_shape",
]

_HOMES = {
    "ANSWERED": "core.app.setup",
    "AppStarted": "core.app.events",
    "AppStopping": "core.app.events",
    "Band": "core.app.setup",
    "Codec": "conversion.shape",
    "DEBUG_RENDERER": "core.app.errors",
    "Declared": "core.app.points",
    "Depends": "core.binding.markers",
    "ENTRANCES": "core.app.setup",
    "Env": "settings",
    "ErrorReported": "core.app.events",
    "Event": "core.app.events",
    "Extension": "core.app.extension",
    "FIGURES": "telemetry",
    "Figure": "telemetry",
    "GUARDS": "core.app.setup",
    "HANDLER_ADAPTER": "core.app.setup",
    "Level": "checks",
    "MESSAGES": "core.app.setup",
    "MOUNTING": "core.app.setup",
    "Mounted": "core.app.setup",
    "OBSERVERS": "core.app.setup",
    "OUTGOING": "core.app.setup",
    "Operation": "operations",
    "Point": "core.app.points",
    "Problem": "checks",
    "RequestFailed": "core.app.events",
    "Router": "core.routing.router",
    "Secret": "settings",
    "Setup": "core.app.setup",
    "TEMPLATE_FILTERS": "core.app.setup",
    "TEMPLATE_GLOBALS": "core.app.setup",
    "TRUSTED_ORIGINS": "core.app.setup",
    "WEBSOCKETS": "core.app.setup",
    "WORK": "telemetry",
    "json_schemas": "conversion.schemas",
    "object_converter": "conversion.objects",
    "read_shape": "conversion.shape",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
