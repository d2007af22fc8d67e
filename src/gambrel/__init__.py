"""Gambrel: one web framework from five lines to a platform.

from gambrel import App

app = App()

@app.get("/")
async def hello() -> str:
    return "Hello, World!"

A name is loaded when it is first used, so that an app pays for what it uses (ADR 0013).
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.core.app.settings import Secret
    from gambrel.core.binding.markers import Body, Cookie, Depends, File, Form, Header, Path, Query
    from gambrel.core.http.bodies.forms import FormData, Upload
    from gambrel.core.http.errors import (
        BadRequest,
        Conflict,
        ContentTooLarge,
        Fault,
        Forbidden,
        GambrelError,
        Gone,
        HTTPError,
        MethodNotAllowed,
        NotAcceptable,
        NotFound,
        ServiceUnavailable,
        TooManyRequests,
        Unauthorized,
        Unprocessable,
        UnsupportedMediaType,
        abort,
    )
    from gambrel.core.http.headers import Headers, ResponseHeaders
    from gambrel.core.http.request import Request, State
    from gambrel.core.http.response import HTML, JSON, Redirect, Response, Stream, Text
    from gambrel.core.http.responses.files import FileResponse
    from gambrel.core.http.responses.streams import CSV, JSONLines
    from gambrel.core.routing.router import Router
    from gambrel.defaults import App

__all__ = [
    "CSV",
    "HTML",
    "JSON",
    "App",
    "BadRequest",
    "Body",
    "Conflict",
    "ContentTooLarge",
    "Cookie",
    "Depends",
    "Fault",
    "File",
    "FileResponse",
    "Forbidden",
    "Form",
    "FormData",
    "GambrelError",
    "Gone",
    "HTTPError",
    "Header",
    "Headers",
    "JSONLines",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "Path",
    "Query",
    "Redirect",
    "Request",
    "Response",
    "ResponseHeaders",
    "Router",
    "Secret",
    "ServiceUnavailable",
    "State",
    "Stream",
    "Text",
    "TooManyRequests",
    "Unauthorized",
    "Unprocessable",
    "UnsupportedMediaType",
    "Upload",
    "abort",
]

_HOMES = {
    "App": "defaults",
    "BadRequest": "core.http.errors",
    "Body": "core.binding.markers",
    "CSV": "core.http.responses.streams",
    "Conflict": "core.http.errors",
    "ContentTooLarge": "core.http.errors",
    "Cookie": "core.binding.markers",
    "Depends": "core.binding.markers",
    "Fault": "core.http.errors",
    "File": "core.binding.markers",
    "FileResponse": "core.http.responses.files",
    "Forbidden": "core.http.errors",
    "Form": "core.binding.markers",
    "FormData": "core.http.bodies.forms",
    "GambrelError": "core.http.errors",
    "Gone": "core.http.errors",
    "HTML": "core.http.response",
    "HTTPError": "core.http.errors",
    "Header": "core.binding.markers",
    "Headers": "core.http.headers",
    "JSON": "core.http.response",
    "JSONLines": "core.http.responses.streams",
    "MethodNotAllowed": "core.http.errors",
    "NotAcceptable": "core.http.errors",
    "NotFound": "core.http.errors",
    "Path": "core.binding.markers",
    "Query": "core.binding.markers",
    "Redirect": "core.http.response",
    "Request": "core.http.request",
    "Response": "core.http.response",
    "ResponseHeaders": "core.http.headers",
    "Router": "core.routing.router",
    "Secret": "core.app.settings",
    "ServiceUnavailable": "core.http.errors",
    "State": "core.http.request",
    "Stream": "core.http.response",
    "Text": "core.http.response",
    "TooManyRequests": "core.http.errors",
    "Unauthorized": "core.http.errors",
    "Unprocessable": "core.http.errors",
    "UnsupportedMediaType": "core.http.errors",
    "Upload": "core.http.bodies.forms",
    "abort": "core.http.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
