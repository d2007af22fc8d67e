"""The schemas of one document: collected first, made in two calls, then filled in by place.

`operations.py` and `responses.py` ask for schemas while they build; a schema is a dictionary that
`Schemas.fill` completes once all types are known, so names and references agree throughout.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from gambrel.openapi.described import JsonSchemas, Mode, Schema

__all__ = ["Schemas"]

_PREFIX = "#/components/schemas/"
_LITERAL = frozenset({"default", "const", "enum", "example", "examples"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})

_PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 describes it.",
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "The kind of problem; `about:blank` says no more than the status.",
            "default": "about:blank",
        },
        "title": {"type": "string", "description": "The kind of problem in words."},
        "status": {
            "type": "integer",
            "minimum": 400,
            "maximum": 599,
            "description": "The HTTP status.",
        },
        "detail": {"type": "string", "description": "What went wrong this time."},
        "instance": {
            "type": "string",
            "format": "uri-reference",
            "description": "This very occurrence.",
        },
    },
    "required": ["type", "title", "status"],
}
_FAULT: Schema = {
    "type": "object",
    "description": "One thing that is wrong with the input.",
    "properties": {
        "in": {
            "type": "string",
            "enum": ["body", "path", "query", "header", "cookie", "form"],
            "description": "The part of the request.",
        },
        "path": {"type": "string", "description": "The place in it, such as `items[0].qty`."},
        "message": {"type": "string", "description": "What is wrong, for people."},
        "code": {"type": "string", "description": "What is wrong, for programs."},
        "pointer": {"type": "string", "description": "The place as an RFC 6901 pointer."},
    },
    "required": ["in", "path", "message", "code"],
}
_VALIDATION: Schema = {
    **_PROBLEM,
    "description": "A problem with the input, and every fault that was found.",
    "properties": {
        **_PROBLEM["properties"],
        "errors": {"type": "array", "items": {"$ref": _PREFIX + "Fault"}},
    },
    "required": [*_PROBLEM["required"], "errors"],
}
_OWN: dict[str, tuple[Schema, tuple[str, ...]]] = {
    "Problem": (_PROBLEM, ()),
    "ValidationProblem": (_VALIDATION, ("Fault",)),
    "Fault": (_FAULT, ()),
}


class Schemas:
    """The schemas of one document."""

    def __init__(self, json_schemas: JsonSchemas, *, separate: bool = True) -> None:
        self._json_schemas = json_schemas
        self._separate = separate
        self._wanted: dict[Mode, list[tuple[Any, Schema]]] = {"input": [], "output": []}
        self._own: dict[str, Schema] = {}

    def of(self, annotation: Any, mode: Mode, **siblings: Any) -> Schema:
        """Return a schema that `fill` completes; `siblings` are keywords set beside it."""
        schema: Schema = dict(siblings)
        self._wanted[mode].append((annotation, schema))
        return schema

    def problem(self, name: Literal["Problem", "ValidationProblem"]) -> Schema:
        """Return a reference to one of the shared problem schemas."""
        return self._own.setdefault(name, {})

    def fill(self) -> dict[str, Schema]:
        """Complete every schema handed out, and return the components in order of their names."""
        incoming, given = self._generate("input")
        outgoing, received = self._generate("output")
        names = self._names(given, received)
        components = dict(received)
        for name, schema in given.items():
            components[names.get(name, name)] = _titled(_renamed(schema, names), name, names)
        if not self._separate:
            components.update(given)
        for (_, schema), made in zip(self._wanted["input"], incoming, strict=True):
            _complete(schema, _renamed(made, names))
        for (_, schema), made in zip(self._wanted["output"], outgoing, strict=True):
            _complete(schema, made)
        self._add_own(components)
        return dict(sorted(components.items()))

    def _generate(self, mode: Mode) -> tuple[Iterable[Schema], Mapping[str, Schema]]:
        types = [annotation for annotation, _ in self._wanted[mode]]
        if not types:
            return (), {}
        return self._json_schemas(types, mode=mode, ref_template=_PREFIX + "{name}")

    def _names(self, given: Mapping[str, Schema], received: Mapping[str, Schema]) -> dict[str, str]:
        """Name the input side of every type that looks different when it is received."""
        if not self._separate:
            return {}
        both = given.keys() & received.keys()
        apart = {name for name in both if given[name] != received[name]}
        while more := {n for n in both - apart if not apart.isdisjoint(_references(given[n]))}:
            apart |= more
        taken = given.keys() | received.keys()
        return {name: _free(f"{name}Input", taken) for name in sorted(apart)}

    def _add_own(self, components: dict[str, Schema]) -> None:
        used = dict.fromkeys(self._own)
        for name in self._own:
            used.update(dict.fromkeys(_OWN[name][1]))
        names = {name: _free(name, components.keys()) for name in used}
        components.update((new, _renamed(_OWN[name][0], names)) for name, new in names.items())
        for name, reference in self._own.items():
            reference["$ref"] = _PREFIX + names[name]


def _complete(schema: Schema, made: Schema) -> None:
    siblings = dict(schema)
    schema.clear()
    schema.update(made | siblings)


def _free(name: str, taken: Iterable[str]) -> str:
    if name not in taken:
        return name
    number = 2
    while f"{name}{number}" in taken:
        number += 1
    return f"{name}{number}"


def _references(node: Any) -> set[str]:
    found: set[str] = set()

    def see(name: str) -> str:
        found.add(name)
        return name

    _walk(node, see)
    return found


def _renamed(schema: Schema, names: Mapping[str, str]) -> Schema:
    renamed: Schema = _walk(schema, lambda name: names.get(name, name)) if names else schema
    return renamed


def _titled(schema: Schema, name: str, names: Mapping[str, str]) -> Schema:
    """Let the title follow the name: client generators call their classes by it."""
    renamed = name in names and schema.get("title") == name
    return schema | {"title": names[name]} if renamed else schema


def _walk(node: Any, name: Any) -> Any:
    """Copy a schema with every reference to a component passed through `name`."""
    if isinstance(node, list):
        return [_walk(item, name) for item in node]
    if not isinstance(node, dict):
        return node
    copy: Schema = {}
    for key, value in node.items():
        if key in _NAMED and isinstance(value, dict):
            copy[key] = {inner: _walk(schema, name) for inner, schema in value.items()}
        elif key == "$ref" and isinstance(value, str):
            copy[key] = _pointed(value, name)
        elif key == "discriminator" and isinstance(value, dict) and "mapping" in value:
            mapping = {tag: _pointed(target, name) for tag, target in value["mapping"].items()}
            copy[key] = {**value, "mapping": mapping}
        else:
            copy[key] = value if key in _LITERAL else _walk(value, name)
    return copy


def _pointed(reference: str, name: Any) -> str:
    if not reference.startswith(_PREFIX):
        return reference
    renamed: str = _PREFIX + name(reference.removeprefix(_PREFIX))
    return renamed
