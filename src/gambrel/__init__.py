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
    from gambrel.conversion.patch import Patch
    from gambrel.core.app.pipeline import CallNext
    from gambrel.core.binding.markers import Body, Cookie, Depends, File, Form, Header, Path, Query
    from gambrel.core.http.bodies.forms import FormData, FormLimits, Upload
    from gambrel.core.http.bodies.multipart import stream_parts
    from gambrel.core.http.errors import (
        BadGateway,
        BadRequest,
        Conflict,
        ContentTooLarge,
        ExpectationFailed,
        Fault,
        Forbidden,
        GambrelError,
        GatewayTimeout,
        Gone,
        HeadersTooLarge,
        HTTPError,
        LengthRequired,
        MethodNotAllowed,
        MisdirectedRequest,
        NotAcceptable,
        NotFound,
        NotImplementedHere,
        PreconditionFailed,
        PreconditionRequired,
        RangeNotSatisfiable,
        RequestTimeout,
        ServerError,
        ServiceUnavailable,
        TooManyRequests,
        Unauthorized,
        Unprocessable,
        UnsupportedMediaType,
        URITooLong,
        abort,
    )
    from gambrel.core.http.headers import Headers, ResponseHeaders
    from gambrel.core.http.request import Request, State
    from gambrel.core.http.response import HTML, JSON, Redirect, Response, Stream, Text
    from gambrel.core.http.responses.streams import JSONLines
    from gambrel.core.http.url import safe_redirect
    from gambrel.core.routing.converters import Converter
    from gambrel.core.routing.declared import rule
    from gambrel.core.routing.router import Router
    from gambrel.core.routing.versioning import Versioning
    from gambrel.defaults import App
    from gambrel.files.response import FileResponse
    from gambrel.patching import apply
    from gambrel.settings import Secret
    from gambrel.streams.events import EventStream, ServerSentEvent
    from gambrel.tables import CSV
    from gambrel.websockets.closing import WebSocketClosed
    from gambrel.websockets.socket import WebSocket

__all__ = [
    "CSV",
    "HTML",
    "JSON",
    "App",
    "BadGateway",
    "BadRequest",
    "Body",
    "CallNext",
    "Conflict",
    "ContentTooLarge",
    "Converter",
    "Cookie",
    "Depends",
    "EventStream",
    "ExpectationFailed",
    "Fault",
    "File",
    "FileResponse",
    "Forbidden",
    "Form",
    "FormData",
    "FormLimits",
    "GambrelError",
    "GatewayTimeout",
    "Gone",
    "HTTPError",
    "Header",
    "Headers",
    "HeadersTooLarge",
    "JSONLines",
    "LengthRequired",
    "MethodNotAllowed",
    "MisdirectedRequest",
    "NotAcceptable",
    "NotFound",
    "NotImplementedHere",
    "Patch",
    "Path",
    "PreconditionFailed",
    "PreconditionRequired",
    "Query",
    "RangeNotSatisfiable",
    "Redirect",
    "Request",
    "RequestTimeout",
    "Response",
    "ResponseHeaders",
    "Router",
    "Secret",
    "ServerError",
    "ServerSentEvent",
    "ServiceUnavailable",
    "State",
    "Stream",
    "Text",
    "TooManyRequests",
    "URITooLong",
    "Unauthorized",
    "Unprocessable",
    "UnsupportedMediaType",
    "Upload",
    "Versioning",
    "WebSocket",
    "WebSocketClosed",
    "abort",
    "apply",
    "rule",
    "safe_redirect",
    "stream_parts",
]

_HOMES = {
    "App": "defaults",
    "BadGateway": "core.http.errors",
    "BadRequest": "core.http.errors",
    "Body": "core.binding.markers",
    "CSV": "tables",
    "CallNext": "core.app.pipeline",
    "Conflict": "core.http.errors",
    "ContentTooLarge": "core.http.errors",
    "Converter": "core.routing.converters",
    "Cookie": "core.binding.markers",
    "Depends": "core.binding.markers",
    "EventStream": "streams.events",
    "ExpectationFailed": "core.http.errors",
    "Fault": "core.http.errors",
    "File": "core.binding.markers",
    "FileResponse": "files.response",
    "Forbidden": "core.http.errors",
    "Form": "core.binding.markers",
    "FormData": "core.http.bodies.forms",
    "FormLimits": "core.http.bodies.forms",
    "GambrelError": "core.http.errors",
    "GatewayTimeout": "core.http.errors",
    "Gone": "core.http.errors",
    "HTML": "core.http.response",
    "HTTPError": "core.http.errors",
    "Header": "core.binding.markers",
    "Headers": "core.http.headers",
    "HeadersTooLarge": "core.http.errors",
    "JSON": "core.http.response",
    "JSONLines": "core.http.responses.streams",
    "LengthRequired": "core.http.errors",
    "MethodNotAllowed": "core.http.errors",
    "MisdirectedRequest": "core.http.errors",
    "NotAcceptable": "core.http.errors",
    "NotFound": "core.http.errors",
    "NotImplementedHere": "core.http.errors",
    "Patch": "conversion.patch",
    "Path": "core.binding.markers",
    "PreconditionFailed": "core.http.errors",
    "PreconditionRequired": "core.http.errors",
    "Query": "core.binding.markers",
    "RangeNotSatisfiable": "core.http.errors",
    "Redirect": "core.http.response",
    "Request": "core.http.request",
    "RequestTimeout": "core.http.errors",
    "Response": "core.http.response",
    "ResponseHeaders": "core.http.headers",
    "Router": "core.routing.router",
    "Secret": "settings",
    "ServerError": "core.http.errors",
    "ServerSentEvent": "streams.events",
    "ServiceUnavailable": "core.http.errors",
    "State": "core.http.request",
    "Stream": "core.http.response",
    "Text": "core.http.response",
    "TooManyRequests": "core.http.errors",
    "URITooLong": "core.http.errors",
    "Unauthorized": "core.http.errors",
    "Unprocessable": "core.http.errors",
    "UnsupportedMediaType": "core.http.errors",
    "Upload": "core.http.bodies.forms",
    "Versioning": "core.routing.versioning",
    "WebSocket": "websockets.socket",
    "WebSocketClosed": "websockets.closing",
    "abort": "core.http.errors",
    "apply": "patching",
    "rule": "core.routing.declared",
    "safe_redirect": "core.http.url",
    "stream_parts": "core.http.bodies.multipart",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
