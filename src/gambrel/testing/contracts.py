"""`contract`: property tests made from the document of an app, by Schemathesis.

Schemathesis makes requests from a document, good and bad ones, and compares what comes back with
what the document says. It is installed apart.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import schemathesis

from gambrel import App
from gambrel.testing.client import local_url
from gambrel.testing.document import read_document

__all__ = ["contract"]


def contract(app: App, document: Mapping[str, Any] | str | Path | None = None) -> Any:
    """Return the document of `app` as a schema of Schemathesis.

    Decorate a test with its `parametrize()`; it is called with cases of every operation:
    `case.call_and_validate()`. The app is started in this process, and runs until it ends. With
    `document` (plain data, or a JSON file) the app is held to that one instead of its own.
    """
    app.build()
    plain = read_document(app, document)
    plain = as_json(plain) if document is None else plain
    schema = schemathesis.openapi.from_dict(plain)
    schema.app = app
    schema.config.update(base_url=local_url(app))
    # what no schema can say (a rule across fields) refuses a body that fits its schema
    schema.config.checks.update(excluded_check_names=["positive_data_acceptance"])
    schema.hook(filter_path_parameters)
    return schema


def as_json(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out bodies in msgpack, where JSON can say the same."""
    for item in document["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                content.pop("application/msgpack", None)
    return document


def filter_path_parameters(_context: Any, values: dict[str, Any] | None) -> bool:
    """Leave out paths with control characters: no server takes them for a request."""
    return all(unquote(str(value)).isprintable() for value in (values or {}).values())
