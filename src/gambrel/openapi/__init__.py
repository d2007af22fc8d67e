"""The OpenAPI document of an app, and the page that shows it.

    app = App(extensions=[OpenAPI(title="Shop", version="2026.1")])

Works from the plain description the door hands over. It knows no binding and no routing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gambrel.openapi.document import build_document, export
    from gambrel.openapi.extension import OpenAPI
    from gambrel.openapi.options import Document, Example, Selection, Server, Tag, Webhook
    from gambrel.openapi.schemes import api_key, basic, bearer, oauth2, openid

__all__ = [
    "Document",
    "Example",
    "OpenAPI",
    "Selection",
    "Server",
    "Tag",
    "Webhook",
    "api_key",
    "basic",
    "bearer",
    "build_document",
    "export",
    "oauth2",
    "openid",
]

_HOMES = {
    "Document": "openapi.options",
    "Example": "openapi.options",
    "OpenAPI": "openapi.extension",
    "Selection": "openapi.options",
    "Server": "openapi.options",
    "Tag": "openapi.options",
    "Webhook": "openapi.options",
    "api_key": "openapi.schemes",
    "basic": "openapi.schemes",
    "bearer": "openapi.schemes",
    "build_document": "openapi.document",
    "export": "openapi.document",
    "oauth2": "openapi.schemes",
    "openid": "openapi.schemes",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"gambrel.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
