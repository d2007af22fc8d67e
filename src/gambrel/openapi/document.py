"""The OpenAPI document: described operations and an application's options in, bytes out.

Pure: the same input gives the same bytes. Paths stand in order of declaration, components in
order of their names. The extension and the command line call it; it knows no app and no request.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from gambrel.core.http.errors import GambrelError
from gambrel.openapi.components import Schemas
from gambrel.openapi.content import Content
from gambrel.openapi.described import JsonSchemas
from gambrel.openapi.operations import build_operation, build_webhook, operation_ids, overlay
from gambrel.openapi.options import Document, Server, Tag
from gambrel.operations import Operation

__all__ = ["build_document", "conflicts", "export", "unguarded"]

_VERSIONS = {"3.1": "3.1.1", "3.2": "3.2.0"}
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"})
_AUTHORIZATION = ("header", "authorization")
_BRACED = re.compile(r"\{([^{}]*)\}")


def export(
    operations: Iterable[Operation],
    json_schemas: JsonSchemas,
    document: Document | None = None,
    *,
    indent: int = 0,
) -> bytes:
    """Return the document as UTF-8 JSON, on one line or indented by `indent` spaces.

    Raises GambrelError as `build_document` does.
    """
    built = msgspec.json.encode(build_document(operations, json_schemas, document or Document()))
    return msgspec.json.format(built, indent=indent) + b"\n" if indent else built


def build_document(
    operations: Iterable[Operation], json_schemas: JsonSchemas, document: Document
) -> dict[str, Any]:
    """Return the document as plain data.

    Hidden operations, those that the document does not select, and methods that its OpenAPI
    version cannot express are left out.

    Raises GambrelError where an operation names a security scheme that nobody has described.
    """
    schemas = Schemas(json_schemas, separate=document.separate_input_output)
    content = Content(schemas, items=document.openapi == "3.2")
    shown = _selected(operations, document)
    _require_schemes(shown, document)
    paths = _paths(shown, content, document)
    webhooks = {
        name: build_webhook(name, webhook, content) for name, webhook in document.webhooks.items()
    }
    schemes = sorted(document.security_schemes.items())
    components = {
        "schemas": schemas.fill(),
        "securitySchemes": {name: dict(scheme) for name, scheme in schemes},
    }
    built: dict[str, Any] = {
        "openapi": _VERSIONS[document.openapi],
        "info": _info(document),
        "servers": [_server(server) for server in document.servers],
        "tags": _tags(document, shown),
        "paths": paths,
        "webhooks": webhooks,
        "components": {key: value for key, value in components.items() if value},
        "security": [dict(needs) for needs in document.needs],
        "externalDocs": {"url": document.external_docs} if document.external_docs else None,
    }
    filled = {key: value for key, value in built.items() if value or key == "paths"}
    return overlay(filled, document.extra)


def conflicts(operations: Iterable[Operation], document: Document) -> list[str]:
    """Return one sentence for each operation that cannot stand in the document beside another."""
    first: dict[tuple[str, str], Operation] = {}
    found: list[str] = []
    for operation in _selected(operations, document):
        earlier = first.setdefault((operation.method, _shape(operation.path)), operation)
        if earlier is not operation:
            found.append(
                f"{operation.method} {operation.path} ({operation.where}) is described by "
                f"{earlier.where} already; give each its own document with Selection(...)"
            )
    return found


def unguarded(
    operations: Iterable[Operation], document: Document
) -> Iterator[tuple[Operation, str]]:
    """Yield operations that read the key of a scheme and do not say that they ask for it."""
    names: dict[tuple[str, str], str] = {}
    for name, scheme in document.security_schemes.items():
        key = (scheme["in"], scheme["name"].lower()) if "in" in scheme else _AUTHORIZATION
        names.setdefault(key, name)
    for operation in _selected(operations, document) if names and not document.security else ():
        keys = [(param.location, param.alias.lower()) for param in operation.params]
        for key in keys if not operation.security else ():
            if key in names:
                yield operation, names[key]


def _selected(operations: Iterable[Operation], document: Document) -> list[Operation]:
    return [
        operation
        for operation in operations
        if not operation.hidden
        and (operation.method in _METHODS or document.openapi == "3.2")
        and operation.method != "WEBSOCKET"
        and document.only(operation)
    ]


def _paths(operations: Sequence[Operation], content: Content, document: Document) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    templates: dict[str, str] = {}
    for operation, operation_id in zip(operations, operation_ids(operations), strict=True):
        path = templates.setdefault(_shape(operation.path), operation.path)
        item = paths.setdefault(path, {})
        home, key = _place(item, operation.method)
        if key in home:
            continue  # reported by `conflicts`: the first declared is the one that is matched
        built = build_operation(
            operation, operation_id, content, document.needs, document.security_schemes
        )
        home[key] = _with_names(built, operation.path, path)
    return paths


def _place(item: dict[str, Any], method: str) -> tuple[dict[str, Any], str]:
    if method in _METHODS or method == "QUERY":
        return item, method.lower()
    return item.setdefault("additionalOperations", {}), method


def _shape(path: str) -> str:
    return _BRACED.sub("{}", path)


def _with_names(built: dict[str, Any], path: str, template: str) -> dict[str, Any]:
    """Rename path parameters as the template they share calls them.

    OpenAPI 3.1.1 §4.8.8.2: templates that differ in the names only are identical, and so invalid.
    """
    renamed = dict(zip(_BRACED.findall(path), _BRACED.findall(template), strict=True))
    for parameter in built.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["name"] = renamed.get(parameter["name"], parameter["name"])
    return built


def _info(document: Document) -> dict[str, Any]:
    info = {
        "title": document.title,
        "summary": document.summary,
        "description": document.description,
        "termsOfService": document.terms_of_service,
        "contact": dict(document.contact),
        "license": dict(document.license),
        "version": document.version,
    }
    return {key: value for key, value in info.items() if value or key in {"title", "version"}}


def _server(server: Server | str) -> dict[str, Any]:
    if isinstance(server, str):
        return {"url": server}
    built = {
        "url": server.url,
        "description": server.description,
        "variables": {name: dict(variable) for name, variable in server.variables.items()},
    }
    return {key: value for key, value in built.items() if value}


def _tags(document: Document, operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the declared tags in their order, then the others as operations use them."""
    declared = [Tag(tag) if isinstance(tag, str) else tag for tag in document.tags]
    used = [tag for operation in operations for tag in operation.tags]
    tags = {tag.name: _tag(tag) for tag in declared}
    for name in used:
        tags.setdefault(name, {"name": name})
    return list(tags.values())


def _tag(tag: Tag) -> dict[str, Any]:
    docs = {"externalDocs": {"url": tag.external_docs}} if tag.external_docs else {}
    described = {"description": tag.description} if tag.description else {}
    return {"name": tag.name} | described | docs


def _require_schemes(operations: Sequence[Operation], document: Document) -> None:
    known: Mapping[str, Any] = document.security_schemes
    needs = [(document.needs, "")] + [(item.security, item.where) for item in operations]
    for alternatives, where in needs:
        for name in (name for needed in alternatives for name in needed):
            if name not in known:
                raise GambrelError(
                    "openapi.unknown-scheme",
                    f"the security scheme {name!r} is named and nowhere described",
                    where,
                    f'add it: OpenAPI(security_schemes={{"{name}": bearer()}})',
                )
