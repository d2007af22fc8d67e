"""The door: what an extension declares with. Batteries and third parties import the same names.

An extension is any object with `name`, `requires`, `settings` and `install(setup)`.
"""

from gambrel.conversion.schemas import json_schemas
from gambrel.core.app.checks import Level, Problem
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
from gambrel.core.app.settings import Env, Secret
from gambrel.core.app.setup import Band, Setup
from gambrel.core.binding.describe import Operation

__all__ = [
    "DEBUG_RENDERER",
    "AppStarted",
    "AppStopping",
    "Band",
    "Declared",
    "Env",
    "ErrorReported",
    "Event",
    "Extension",
    "Level",
    "Operation",
    "Point",
    "Problem",
    "RequestFailed",
    "Secret",
    "Setup",
    "json_schemas",
]
