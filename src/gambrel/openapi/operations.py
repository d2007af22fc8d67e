"""One operation as an Operation Object: parameters, body, responses, security, callbacks.

`document.py` calls `build_operation` for every selected operation and `build_webhook` for what
the application sends itself.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from gambrel.openapi.content import Content, examples_of, is_structured, param_schema
from gambrel.openapi.options import Webhook
from gambrel.openapi.responses import build_responses
from gambrel.operations import BodyInfo, Operation, ParamInfo

__all__ = ["build_operation", "build_webhook", "operation_ids", "overlay"]

# OpenAPI 3.1.1 §4.8.12.1: header parameters of these names shall be ignored.
_RESERVED = frozenset({"accept", "content-type", "authorization"})
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_UNFIT = re.compile(r"[^A-Za-z0-9]+")


def operation_ids(operations: Sequence[Operation]) -> list[str]:
    """Return a unique id for each operation: given, or the handler's name, told apart if needed.

    Operations of one name are told apart by their method, and if that is not enough by their path.
    """
    names = [item.operation_id or _identifier(item.name) for item in operations]
    with_method = [
        f"{name}_{item.method.lower()}" if names.count(name) > 1 else name
        for name, item in zip(names, operations, strict=True)
    ]
    ids: list[str] = []
    for name, item in zip(with_method, operations, strict=True):
        unique = f"{name}_{_identifier(item.path)}" if with_method.count(name) > 1 else name
        number, stem = 2, unique
        while unique in ids:
            unique, number = f"{stem}_{number}", number + 1
        ids.append(unique)
    return ids


def build_operation(
    operation: Operation,
    operation_id: str,
    content: Content,
    security: Sequence[Mapping[str, Sequence[str]]] = (),
    schemes: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the Operation Object; `security` is what the whole document asks for.

    `schemes` are those of the document: a parameter that is the key of one in force is not shown
    a second time.
    """
    holds = operation.security or security
    named = [schemes[name] for needs in holds for name in needs if name in schemes]
    keys = {(one["in"], one["name"].lower()) for one in named if one["type"] == "apiKey"}
    callbacks = operation.extra.get("callbacks") or {}
    built = {
        "tags": list(operation.tags),
        "summary": operation.summary.removesuffix(".") or _words(operation.name),
        "description": operation.description,
        "operationId": operation_id,
        "parameters": [
            _parameter(param, content)
            for param in operation.params
            if _is_shown(param) and (param.location, param.alias.lower()) not in keys
        ],
        "requestBody": _body(operation.body, content) if operation.body is not None else None,
        "responses": build_responses(operation, content, holds),
        "callbacks": {
            name: {url: _sent(webhook, content) for url, webhook in by_url.items()}
            for name, by_url in callbacks.items()
        },
        "deprecated": operation.deprecated,
        "security": list(operation.security),
    }
    shown = {key: value for key, value in built.items() if value}
    return overlay(shown, operation.extra.get("openapi") or {})


def build_webhook(name: str, webhook: Webhook, content: Content) -> dict[str, Any]:
    """Return the Path Item Object of a webhook."""
    return _sent(webhook, content, name)


def _sent(webhook: Webhook, content: Content, name: str = "") -> dict[str, Any]:
    body = webhook.body
    headers = [
        {"name": key, "in": "header", "schema": content.schemas.of(kind, "output")}
        for key, kind in webhook.headers.items()
    ]
    built = {
        "tags": list(webhook.tags),
        "summary": webhook.summary or _words(_identifier(name)),
        "description": webhook.description,
        "operationId": webhook.operation_id or (_identifier(name) if name else ""),
        "parameters": headers,
        "requestBody": body is not None
        and {
            "required": True,
            "content": content.of(body, (webhook.media_type,), "output", webhook.examples),
        },
        "responses": {str(status): {"description": t} for status, t in webhook.responses.items()},
        "deprecated": webhook.deprecated,
    }
    return {webhook.method.lower(): {key: value for key, value in built.items() if value}}


def _parameter(param: ParamInfo, content: Content) -> dict[str, Any]:
    built = {
        "name": param.alias,
        "in": param.location,
        "description": param.description,
        "required": param.required or param.location == "path",
        "deprecated": param.deprecated,
        "schema": param_schema(content.schemas, param),
        "examples": examples_of(param.examples),
    }
    return {key: value for key, value in built.items() if value or key == "schema"}


def _body(body: BodyInfo, content: Content) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for media_type in body.media_types:
        if body.fields and (media_type in _FORMS or body.annotation is None):
            entry = {"schema": content.form(body.fields), "examples": examples_of(body.examples)}
            if media_type in _FORMS:
                entry["encoding"] = {
                    part.alias: {"contentType": ", ".join(kinds)}
                    for part in body.fields
                    if (kinds := _part_types(part))
                }
            built[media_type] = {key: value for key, value in entry.items() if value}
        else:
            shown = body.examples if is_structured(media_type) else ()
            built |= content.of(body.annotation, (media_type,), "input", shown)
    described = {"description": body.description} if body.description else {}
    return described | {"content": built} | ({"required": True} if body.required else {})


def _part_types(part: ParamInfo) -> tuple[str, ...]:
    return ("application/json",) if part.location == "body" else tuple(part.content_types)


def _is_shown(param: ParamInfo) -> bool:
    return param.location != "header" or param.alias.lower() not in _RESERVED


def _identifier(text: str) -> str:
    return _UNFIT.sub("_", text).strip("_") or "operation"


def _words(name: str) -> str:
    words = _UNFIT.sub(" ", name).strip()
    return words[:1].upper() + words[1:]


def overlay(built: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what somebody says over what was derived, object by object; a list replaces a list."""
    merged = dict(built)
    for key, value in given.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, Mapping)
        merged[key] = overlay(old, value) if both and old is not None else value
    return merged
