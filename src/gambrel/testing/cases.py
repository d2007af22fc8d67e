"""Requests made from a document: the examples of each operation, and what does not fit it.

The same document makes the same requests, in the same order. Knows no client and no app.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from gambrel.testing.document import Described, resolve

__all__ = ["Case", "cases_of", "sample"]

UNFIT = "no such value"
"""A text that is no number, no date and no choice of anybody."""

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
_DEPTH = 6
_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z",
    "date": "2026-01-31",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "uuid": "6f1c3f0e-8f5b-4c8e-9d0a-2f6f0c1b7a11",
    "email": "ann@example.org",
    "uri": "https://example.org/",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "decimal": "1",
}


class Case(Struct, frozen=True, kw_only=True):
    """One request: what is particular in it, values by place and name, and the body.

    `body` is plain data for JSON and forms, where files are bytes, and text or bytes for others.
    `is_elsewhere` says that the path may be that of another operation, or of none.
    """

    told: str
    values: dict[tuple[str, str], Any] = {}
    media_type: str = ""
    body: Any = None
    is_elsewhere: bool = False

    def of(self, place: str) -> dict[str, Any]:
        """Return the values that stand in one place: `query`, `header`, `cookie`."""
        return {name: value for (where, name), value in self.values.items() if where == place}

    def path(self, template: str) -> str:
        """Return the path with its parameters."""
        for name, value in self.of("path").items():
            template = template.replace(f"{{{name}}}", quote(text_of(value), safe=""))
        return template

    def query(self) -> list[tuple[str, str]]:
        """Return the parameters of the query; each item of a list is one."""
        pairs: list[tuple[str, str]] = []
        for name, value in self.of("query").items():
            if isinstance(value, list):
                pairs += [(name, text_of(item)) for item in value]
            elif isinstance(value, dict):
                pairs += [(key, text_of(item)) for key, item in value.items()]
            else:
                pairs.append((name, text_of(value)))
        return pairs


def text_of(value: Any) -> str:
    """Return a value as it stands in a URL, a header field or a form."""
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    return value if isinstance(value, str) else json.dumps(value)


def cases_of(document: Mapping[str, Any], one: Described) -> Iterator[Case]:
    """Yield requests of an operation: its examples first, then what does not fit."""
    values = {
        (p["in"], p["name"]): values_of(document, p)[0]
        for p in one.parameters
        if p.get("required") or values_of(document, p)[1:]
    }
    media_type, media = body_of(document, one)
    bodies = values_of(document, media) if media_type else [None]
    plain = Case(told="its example", values=values, media_type=media_type, body=bodies[0])
    yield plain
    for number, body in enumerate(bodies[1:], 2):
        yield replace(plain, told=f"example {number} of its body", body=body)
    for parameter in one.parameters:
        yield from unfit_parameter(document, plain, parameter)
    if media_type:
        yield from unfit_body(document, plain, media)


def body_of(document: Mapping[str, Any], one: Described) -> tuple[str, dict[str, Any]]:
    """Return the media type that can be made here, and its Media Type Object; or an empty text."""
    content = resolve(document, one.operation.get("requestBody") or {}).get("content", {})
    known = sorted(content, key=lambda name: not name.endswith("json"))
    usable = [name for name in known if "msgpack" not in name and "*" not in name]
    return (usable[0], content[usable[0]]) if usable else ("", {})


def values_of(document: Mapping[str, Any], part: Mapping[str, Any]) -> list[Any]:
    """Return the examples of a parameter or a body, or one value made by its schema."""
    named = [resolve(document, one) for one in part.get("examples", {}).values()]
    found = [part["example"]] if "example" in part else []
    found += [one["value"] for one in named if "value" in one]
    return found or [sample(document, part.get("schema", {}))]


def unfit_parameter(
    document: Mapping[str, Any], plain: Case, parameter: Mapping[str, Any]
) -> Iterator[Case]:
    """Yield requests with a parameter that is missing, empty or of another type."""
    key, schema = (parameter["in"], parameter["name"]), parameter.get("schema", {})
    shown = f"the {key[0]} parameter {key[1]!r}"
    for number, value in enumerate(values_of(document, parameter)[1:], 2):
        yield replace(
            plain, told=f"example {number} of {shown}", values=plain.values | {key: value}
        )
    if key[0] != "path":
        left = {name: value for name, value in plain.values.items() if name != key}
        if key in plain.values:
            yield replace(plain, told=f"without {shown}", values=left)
        yield replace(plain, told=f"{shown} empty", values=plain.values | {key: ""})
    is_text = types_of(document, schema) == {"string"}
    for value in (UNFIT,) if is_text else (UNFIT, "0", "-1", "9" * 40):
        changed = plain.values | {key: value}
        told = f"{shown} as {value!r}"
        yield replace(plain, told=told, values=changed, is_elsewhere=key[0] == "path")


def unfit_body(
    document: Mapping[str, Any], plain: Case, media: Mapping[str, Any]
) -> Iterator[Case]:
    """Yield requests whose body is missing, malformed, of another type or not complete."""
    yield replace(plain, told="without its body", media_type="", body=None)
    yield replace(plain, told="a body of another media type", media_type="text/x-other", body=b"x")
    if plain.media_type.endswith("json"):
        for text in (b"", b"{", b"null", b"[]", b'"text"', b"1e400", b"\xff", b"[" * 2_000):
            yield replace(plain, told=f"the body {text[:10]!r}", body=text)
    if not isinstance(plain.body, dict):
        return
    properties = resolve(document, media.get("schema", {})).get("properties", {})
    for name in plain.body:
        rest = {key: value for key, value in plain.body.items() if key != name}
        yield replace(plain, told=f"a body without {name!r}", body=rest)
        is_text = types_of(document, properties.get(name, {})) == {"string"}
        if not is_text or plain.media_type.endswith("json"):
            value: Any = 0 if is_text else UNFIT
            yield replace(plain, told=f"{name!r} of another type", body=rest | {name: value})


def types_of(document: Mapping[str, Any], schema: Any) -> set[str]:
    """Return the JSON types that a schema names at its top."""
    plain = resolve(document, schema)
    named = plain.get("type", []) if isinstance(plain, dict) else []
    return {named} if isinstance(named, str) else set(named)


def sample(document: Mapping[str, Any], schema: Any, depth: int = 0) -> Any:
    """Return a value that fits a schema, as far as that can be told without a pattern."""
    plain = resolve(document, schema)
    if not isinstance(plain, dict):
        return UNFIT
    given = _given(plain)
    if given:
        return given[0]
    for choice in [*plain.get("oneOf", ()), *plain.get("anyOf", ())]:
        if types_of(document, choice) != {"null"}:
            return sample(document, choice, depth + 1)
    if "allOf" in plain:
        parts = [sample(document, part, depth + 1) for part in plain["allOf"]]
        if all(isinstance(part, dict) for part in parts):
            return {key: value for part in parts for key, value in part.items()}
        return parts[0]
    return _of_type(document, plain, depth)


def _given(schema: Mapping[str, Any]) -> list[Any]:
    """Return the values that a schema names itself."""
    named = [value for name in ("examples", "enum") for value in schema.get(name, ())]
    return named + [schema[name] for name in ("example", "const", "default") if name in schema]


def _of_type(document: Mapping[str, Any], schema: dict[str, Any], depth: int) -> Any:
    named = schema.get("type", "object" if "properties" in schema else "string")
    kinds = [named] if isinstance(named, str) else [one for one in named if one != "null"]
    kind = kinds[0] if kinds else "null"
    if kind == "object":
        required = schema.get("required", ())
        parts = schema.get("properties", {})
        kept = [name for name in parts if name in required or depth < 2]
        return {name: sample(document, parts[name], depth + 1) for name in kept if depth < _DEPTH}
    if kind == "array":
        count = max(schema.get("minItems", 0), 1 if depth < 2 else 0)
        items = schema.get("items", {})
        return [sample(document, items, depth + 1) for _ in range(count if depth < _DEPTH else 0)]
    if kind in {"integer", "number"}:
        return _number(schema)
    if kind == "string":
        return _text(schema)
    return True if kind == "boolean" else None


def _number(schema: Mapping[str, Any]) -> Any:
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    value = 1 if low is None else low + ("exclusiveMinimum" in schema and "minimum" not in schema)
    value = value if high is None or value <= high else high - ("exclusiveMaximum" in schema)
    return -(-value // step) * step


def _text(schema: Mapping[str, Any]) -> str | bytes:
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return b"example"
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    count: int = max(schema.get("minLength", 0), 1)
    longest: int = schema.get("maxLength", count)
    return "a" * min(count, longest)
