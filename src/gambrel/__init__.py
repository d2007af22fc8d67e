"""Gambrel: one web framework from five lines to a platform.

from gambrel import App

app = App()

@app.get("/")
async def hello() -> str:
    return "Hello, World!"
"""

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
