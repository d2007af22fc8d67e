"""Middleware that most applications want, one file each.

    app = App(extensions=[Compression(), CORS(origins=["https://app.example.com"])])

Every file is a function from a request and the next step to a response, testable without an app.
Only `extension.py` knows the door. `SecurityHeaders` is one of the default extensions.
"""

from gambrel.middleware.cors import CORSPolicy
from gambrel.middleware.extension import (
    CORS,
    ASGIMiddleware,
    Compression,
    ConditionalGet,
    CrossOriginProtection,
    Decompression,
    HTTPSRedirect,
    MethodOverride,
    RequestID,
    SecurityHeaders,
)
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
    "HTTPSRedirect",
    "MethodOverride",
    "Nonce",
    "RequestID",
    "SecurityHeaders",
    "after_request",
    "before_request",
]
