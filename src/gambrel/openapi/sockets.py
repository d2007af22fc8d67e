"""The AsyncAPI document: the WebSockets of an app, from the operations that OpenAPI leaves out.

Pure, as `document.py` is: the same input gives the same bytes. AsyncAPI 3.0 with the bindings of
WebSockets 0.1; `receive` is what the app receives.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gambrel.openapi.components import Schemas
from gambrel.openapi.content import Content, param_schema
from gambrel.openapi.described import JsonSchemas
from gambrel.openapi.operations import operation_ids, overlay
from gambrel.openapi.options import Document, Server
from gambrel.operations import Operation, ParamInfo

__all__ = ["build_sockets", "export_sockets", "shown_sockets"]


def export_sockets(
    operations: Iterable[Operation],
    json_schemas: JsonSchemas,
    document: Document | None = None,
    *,
    indent: int = 0,
) -> bytes:
    """Return the AsyncAPI document as UTF-8 JSON, on one line or indented by `indent` spaces."""
    built = msgspec.json.encode(build_sockets(operations, json_schemas, document or Document()))
    return msgspec.json.format(built, indent=indent) + b"\n" if indent else built


def build_sockets(
    operations: Iterable[Operation], json_schemas: JsonSchemas, document: Document
) -> dict[str, Any]:
    """Return the AsyncAPI document as plain data; hidden sockets are left out."""
    shown = shown_sockets(operations, document)
    schemas = Schemas(json_schemas, separate=document.separate_input_output)
    named = list(zip(operation_ids(shown), shown, strict=True))
    channels = {name: channel(one, Content(schemas)) for name, one in named}
    built: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": info(document),
        "defaultContentType": "application/json",
        "servers": servers(document),
        "channels": channels,
        "operations": dict(
            action for name, one in named for action in actions(name, one, channels[name], document)
        ),
    }
    components = {
        "schemas": schemas.fill(),
        "securitySchemes": {
            name: scheme_of(scheme) for name, scheme in sorted(document.security_schemes.items())
        },
    }
    built["components"] = {key: value for key, value in components.items() if value}
    return {key: value for key, value in built.items() if value or key == "channels"}


def shown_sockets(operations: Iterable[Operation], document: Document) -> list[Operation]:
    """Return the WebSockets that the document tells of."""
    return [
        operation
        for operation in operations
        if operation.method == "WEBSOCKET" and not operation.hidden and document.only(operation)
    ]


def info(document: Document) -> dict[str, Any]:
    """Return what the document is about."""
    told = {
        "title": document.title,
        "version": document.version,
        "description": document.description or document.summary,
        "termsOfService": document.terms_of_service,
        "contact": dict(document.contact),
        "license": dict(document.license),
    }
    return {key: value for key, value in told.items() if value or key in {"title", "version"}}


def servers(document: Document) -> dict[str, Any]:
    """Return the absolute addresses of the document, as those of WebSockets."""
    found: dict[str, Any] = {}
    for number, server in enumerate(document.servers, 1):
        given = server if isinstance(server, Server) else Server(server)
        url = urlsplit(given.url)
        if url.scheme not in {"http", "https"} or "{" in url.netloc:
            continue
        entry = {
            "host": url.netloc,
            "pathname": url.path.rstrip("/"),
            "protocol": "wss" if url.scheme == "https" else "ws",
            "description": given.description,
        }
        found[f"server{number}"] = {key: value for key, value in entry.items() if value}
    return found


def channel(operation: Operation, content: Content) -> dict[str, Any]:
    """Return a socket: its path, what a handshake may say, and the messages both ways."""
    kinds = {
        "received": operation.body.annotation if operation.body else None,
        "sent": operation.extra.get("sends", Any),
    }
    built = {
        "address": operation.path,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": {
            param.alias: {"description": param.description} if param.description else {}
            for param in operation.params
            if param.location == "path"
        },
        "messages": {
            name: message(name, kind, content) for name, kind in kinds.items() if kind is not None
        },
        "tags": [{"name": tag} for tag in operation.tags],
        "bindings": {"ws": bindings(operation, content)},
    }
    return {key: value for key, value in built.items() if value}


def message(name: str, kind: Any, content: Content) -> dict[str, Any]:
    """Return a message of a type: JSON, a text, or bytes."""
    if kind is bytes:
        return {"contentType": "application/octet-stream", "payload": {"type": "string"}}
    if kind is str:
        return {"contentType": "text/plain", "payload": {"type": "string"}}
    if kind is Any:
        return {"summary": "Text or bytes.", "payload": {}}
    return {
        "contentType": "application/json",
        "payload": content.schemas.of(kind, "input" if name == "received" else "output"),
    }


def bindings(operation: Operation, content: Content) -> dict[str, Any]:
    """Return what the handshake, a GET request, takes besides its path."""
    built: dict[str, Any] = {"method": "GET", "bindingVersion": "0.1.0"}
    for location, name in (("query", "query"), ("header", "headers")):
        params = [param for param in operation.params if param.location == location]
        if params:
            built[name] = object_of(params, content)
    return built


def object_of(params: list[ParamInfo], content: Content) -> dict[str, Any]:
    """Return parameters as the properties of an object."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {param.alias: param_schema(content.schemas, param) for param in params},
    }
    required = [param.alias for param in params if param.required]
    return schema | ({"required": required} if required else {})


def actions(
    name: str, operation: Operation, found: Mapping[str, Any], document: Document
) -> Iterable[tuple[str, dict[str, Any]]]:
    """Yield what the app does at a socket: it receives, and it sends."""
    needs = operation.security or document.needs
    schemes = dict.fromkeys(scheme for alternative in needs for scheme in alternative)
    for action, message_name in (("receive", "received"), ("send", "sent")):
        if message_name not in found.get("messages", {}):
            continue
        built = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": operation.summary,
            "messages": [{"$ref": f"#/channels/{name}/messages/{message_name}"}],
            "security": [{"$ref": f"#/components/securitySchemes/{one}"} for one in schemes],
        }
        filled = {key: value for key, value in built.items() if value}
        yield f"{name}_{action}", overlay(filled, operation.extra.get("asyncapi") or {})


def scheme_of(scheme: Mapping[str, Any]) -> dict[str, Any]:
    """Return a security scheme of OpenAPI as AsyncAPI has it."""
    if scheme["type"] == "apiKey":
        return {**scheme, "type": "httpApiKey"}
    if scheme["type"] == "mutualTLS":
        return {**scheme, "type": "X509"}
    if scheme["type"] == "oauth2":
        renamed = {"scopes": "availableScopes"}
        flows = {
            name: {renamed.get(key, key): value for key, value in flow.items()}
            for name, flow in scheme["flows"].items()
        }
        return {**scheme, "flows": flows}
    return dict(scheme)
