"""The OpenAPI document of an app, and the page that shows it.

    app = App(extensions=[OpenAPI(title="Shop", version="2026.1")])

Works from the plain description the door hands over. It knows no binding and no routing.
"""

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
