"""Middleware that most applications want, one file each.

    app = App(extensions=[Compression(), CORS(origins=["https://app.example.com"])])

Every file is a function from a request and the next step to a response, testable without an app.
Only `extension.py` knows the door. `SecurityHeaders` is one of the default extensions.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.middleware.caching import cache_control
    from gambrel.middleware.cors import CORSPolicy
    from gambrel.middleware.extension import (
        CORS,
        ASGIMiddleware,
        Compression,
        ConditionalGet,
        CrossOriginProtection,
        Decompression,
        Formats,
        HTTPSRedirect,
        MethodOverride,
        RequestID,
    )
    from gambrel.middleware.formats import Format
    from gambrel.middleware.headers.extension import SecurityHeaders
    from gambrel.middleware.headers.page_policy import PagePolicy
    from gambrel.middleware.hooks import after_request, before_request
    from gambrel.middleware.security_headers import Nonce

__all__ = [
    "CORS",
    "ASGIMiddleware",
    "CORSPolicy",
    "Compression",
    "ConditionalGet",
    "CrossOriginProtection",
    "Decompression",
    "Format",
    "Formats",
    "HTTPSRedirect",
    "MethodOverride",
    "Nonce",
    "PagePolicy",
    "RequestID",
    "SecurityHeaders",
    "after_request",
    "before_request",
    "cache_control",
]

_HOMES = {
    "ASGIMiddleware": "middleware.extension",
    "CORS": "middleware.extension",
    "CORSPolicy": "middleware.cors",
    "Compression": "middleware.extension",
    "ConditionalGet": "middleware.extension",
    "CrossOriginProtection": "middleware.extension",
    "Decompression": "middleware.extension",
    "Format": "middleware.formats",
    "Formats": "middleware.extension",
    "HTTPSRedirect": "middleware.extension",
    "MethodOverride": "middleware.extension",
    "Nonce": "middleware.security_headers",
    "PagePolicy": "middleware.headers.page_policy",
    "RequestID": "middleware.extension",
    "SecurityHeaders": "middleware.headers.extension",
    "after_request": "middleware.hooks",
    "before_request": "middleware.hooks",
    "cache_control": "middleware.caching",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
