"""`Types`: schemas of a document as types of Python, with a `Struct` for each kind of object.

What a type cannot say (patterns, bounds, combinations that msgspec cannot tell apart) is left out:
the service checks its input, and the client what it is to be sure of.
"""

import re
from typing import Any

from gambrel.client.typed.names import Names, class_name, variable_name

__all__ = ["Schema", "Types", "as_text", "default_of", "described", "pointed", "wrapped"]

Schema = dict[str, Any]

_PLAIN = {"boolean": "bool", "integer": "int", "number": "float", "null": "None", "string": "str"}
_FORMATS = {
    "date-time": "datetime.datetime",
    "date": "datetime.date",
    "time": "datetime.time",
    "duration": "datetime.timedelta",
    "uuid": "uuid.UUID",
    "byte": "bytes",
    "decimal": "decimal.Decimal",
}
_NO_NAME = re.compile(r'["\\\x00-\x1f]')
_KINDS = {"bool": "bool", "int": "int", "float": "float", "None": "null"}
MODULE_NAMES = ("Any", "Literal", "Service", "Struct", "UNSET", "UnsetType", "field", "quote")
"""What a module imports by name."""


def pointed(document: Schema, reference: str) -> Schema:
    """Return what a `$ref` within a document means, an empty schema where there is nothing."""
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def as_text(text: str) -> str:
    """Return a literal of a text, whatever is in it."""
    escaped = str(text).encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return f'"{escaped}"'


def literal(value: Any) -> str:
    """Return a literal of a value of JSON that has no members."""
    return as_text(value) if isinstance(value, str) else repr(value)


class Types:
    """The types of one document; `classes` are their definitions, by name."""

    def __init__(self, document: Schema, taken: tuple[str, ...] = ()) -> None:
        self.document = document
        self.classes: dict[str, str] = {}
        self.names = Names(*MODULE_NAMES, *taken)
        self.known: dict[str, str] = {}
        self.tags: dict[str, tuple[str, str]] = {}
        self.open: list[str] = []
        for schema in self.schemas().values():
            self.find_tags(schema)

    def schemas(self) -> dict[str, Schema]:
        """Return the schemas that have names."""
        found = self.document.get("components", {}).get("schemas", {})
        return {name: schema for name, schema in found.items() if isinstance(schema, dict)}

    def find_tags(self, schema: Any) -> None:
        """Note which objects are told apart by the value of a member."""
        if isinstance(schema, list):
            for one in schema:
                self.find_tags(one)
        elif isinstance(schema, dict):
            told = schema.get("discriminator")
            if isinstance(told, dict):
                for tag, reference in (told.get("mapping") or {}).items():
                    self.tags[reference] = told["propertyName"], tag
            for one in schema.values():
                self.find_tags(one)

    def of(self, schema: Any, name: str) -> str:
        """Return the type of a schema; `name` is for an object that has none of its own."""
        if not isinstance(schema, dict):
            return "Any"
        if "$ref" in schema:
            return self.named(schema["$ref"])
        if schema.get("nullable") is True:  # OpenAPI 3.0
            return self.union([self.of({**schema, "nullable": False}, name), "None"])
        if "const" in schema or "enum" in schema:
            return self.values(schema.get("enum", [schema.get("const")]))
        for word in ("anyOf", "oneOf"):
            if word in schema:
                return self.union([self.of(one, name) for one in schema[word]])
        if "allOf" in schema:
            return self.all_of(schema, name)
        return self.of_kind(schema, name)

    def of_kind(self, schema: Schema, name: str) -> str:
        """Return the type of a schema by its `type`."""
        kinds = schema.get("type", "object" if "properties" in schema else None)
        if isinstance(kinds, list):
            return self.union([self.of({**schema, "type": kind}, name) for kind in kinds])
        if kinds == "array":
            return self.array(schema, name)
        if kinds == "object":
            return self.object(schema, name)
        if kinds == "string":
            return _FORMATS.get(schema.get("format", ""), "str")
        return _PLAIN.get(str(kinds), "Any")

    def named(self, reference: str) -> str:
        """Return the type of a schema that has a name: its class, or what it stands for."""
        if reference in self.known:
            return self.known[reference]
        if reference in self.open:  # something that holds itself, and is no object
            return "Any"
        schema = pointed(self.document, reference)
        name = class_name(reference.rpartition("/")[2])
        if schema.get("type") == "object" and has_fields(schema):
            self.known[reference] = given = self.names.give(name)
            self.define(given, schema, self.tags.get(reference))
            return given
        self.open.append(reference)
        self.known[reference] = found = self.of(schema, name)
        self.open.pop()
        return found

    def values(self, values: list[Any]) -> str:
        """Return the type of one of some values."""
        plain = [value for value in values if value is not None]
        if not all(map(is_distinct, plain)):
            return "Any"
        found = f"Literal[{', '.join(map(literal, plain))}]" if plain else ""
        return self.union([*filter(None, [found]), *(["None"] if None in values else [])])

    def array(self, schema: Schema, name: str) -> str:
        """Return the type of an array."""
        positions = schema.get("prefixItems")
        if positions and schema.get("items") in (None, False):
            inner = ", ".join(self.of(one, f"{name}{at}") for at, one in enumerate(positions, 1))
            return f"tuple[{inner}]"
        return f"list[{self.of(schema.get('items', True), f'{name}Item')}]"

    def object(self, schema: Schema, name: str) -> str:
        """Return the type of an object: a class of its own, or a dict."""
        if has_fields(schema):
            given = self.names.give(name)
            self.define(given, schema, None)
            return given
        others = True if schema.get("properties") else schema.get("additionalProperties", True)
        return f"dict[str, {self.of(others, f'{name}Value')}]"

    def all_of(self, schema: Schema, name: str) -> str:
        """Return the type of what is several things at once."""
        parts = [part for part in schema["allOf"] if isinstance(part, dict)]
        if len(parts) == 1 and "properties" not in schema:
            return self.of(parts[0], name)
        whole: Schema = {"type": "object", "properties": {}, "required": []}
        for part in (*parts, {key: schema[key] for key in schema if key != "allOf"}):
            found = pointed(self.document, part["$ref"]) if "$ref" in part else part
            whole["properties"] |= found.get("properties", {})
            whole["required"] += found.get("required", [])
        return self.object(whole, name)

    def union(self, members: list[str]) -> str:
        """Return the type of one of several; `Any` where a value would not say which it is."""
        parts = list(dict.fromkeys(part for one in members for part in split_union(one)))
        if "Any" in parts or len(parts) < 2:
            return "Any" if "Any" in parts or not parts else parts[0]
        tags = {self.known.get(reference): tag for reference, tag in self.tags.items()}
        kinds = [(self.kind(part), tags.get(part)) for part in parts]
        members_told_by = {tag and tag[0] for kind, tag in kinds if kind == "object"}
        is_clear = len(set(kinds)) == len(kinds) and len(members_told_by) < 2
        return " | ".join(parts) if is_clear else "Any"

    def kind(self, part: str) -> str:
        """Return what tells a type from others in JSON."""
        if part.startswith("Literal["):
            return "str" if part[8] == '"' else "int"
        if part.startswith(("list[", "tuple[")):
            return "array"
        is_object = part in self.classes or part in self.known.values() or part.startswith("dict[")
        return "object" if is_object else _KINDS.get(part, "str")

    def define(self, name: str, schema: Schema, tag: tuple[str, str] | None) -> None:
        """Make the class of an object."""
        self.classes[name] = ""  # its place, before those that it names
        options = ["kw_only=True"]
        if tag is not None:
            options += [f"tag_field={as_text(tag[0])}", f"tag={as_text(tag[1])}"]
        required, fields, names = set(schema.get("required", ())), [], Names()
        for key, inner in schema["properties"].items():
            if tag is not None and key == tag[0]:
                continue
            given = names.give(variable_name(key))
            kind = self.of(inner, f"{name}{class_name(key)}")
            fields.append(field_of(given, key, kind, inner, is_required=key in required))
        head = f"class {name}(Struct, {', '.join(options)}):"
        told = described(schema, "    ")
        self.classes[name] = "\n".join([head, *told, *(fields or ([] if told else ["    pass"]))])


def is_distinct(value: Any) -> bool:
    """Whether a value can be one of a `Literal`: a text or a number of 64 bits."""
    if isinstance(value, str):
        return is_sendable(value)
    return type(value) is int and abs(value) < 2**63


def is_sendable(text: str) -> bool:
    """Whether a text can be written in UTF-8; JSON may have halves of characters."""
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def has_fields(schema: Schema) -> bool:
    """Whether an object can be a class: it names its members, by names that msgspec takes."""
    names = schema.get("properties") or {}
    return bool(names) and all(is_sendable(n) and not _NO_NAME.search(n) for n in names)


def split_union(text: str) -> list[str]:
    """Return the members of a type, without those within brackets or quotes."""
    parts, depth, is_quoted, start, at = [], 0, False, 0, 0
    while at < len(text):
        char = text[at]
        if is_quoted:
            at += char == "\\"
            is_quoted = char != '"'
        elif char == '"':
            is_quoted = True
        elif char == "|" and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
        else:
            depth += (char == "[") - (char == "]")
        at += 1
    return [*parts, text[start:].strip()]


def field_of(name: str, key: str, kind: str, schema: Any, *, is_required: bool) -> str:
    """Return the line of a field."""
    default, has_default = default_of(schema, kind)
    options = [] if name == key else [f"name={as_text(key)}"]
    if is_required:
        return f"    {name}: {kind}" + (f" = field({options[0]})" if options else "")
    if not has_default:
        kind, default = (kind if kind == "Any" else f"{kind} | UnsetType"), "UNSET"
    value = f"field({', '.join([f'default={default}', *options])})" if options else default
    return f"    {name}: {kind} = {value}"


def default_of(schema: Any, kind: str) -> tuple[str, bool]:
    """Return the default of a schema as it is written, and whether it can be."""
    if not isinstance(schema, dict) or "default" not in schema:
        return "", False
    value = schema["default"]
    is_plain = value is None or isinstance(value, bool | int | float | str)
    fits = set(split_union(kind)) <= {"str", "int", "float", "bool", "None"}
    return (literal(value), True) if is_plain and fits else ("", False)


def described(schema: Schema, indent: str, *more: str) -> list[str]:
    """Return the lines of a docstring, which ends where it is to end."""
    text = " ".join(str(schema.get("description") or schema.get("summary") or "").split())
    told = [printable(line) for line in (text, *more) if line]
    if not told:
        return []
    lines = [line.replace("\\", "\\\\").replace('"""', "'''") for line in told]
    lines[-1] += " " if lines[-1].endswith('"') else ""
    body = [f'{indent}"""{lines[0]}', *(f"\n{indent}{line}" for line in lines[1:])]
    body[-1] += '"""' if len(lines) == 1 else f'\n{indent}"""'
    return ["\n".join(body)]


def printable(text: str) -> str:
    """Return a text without what has no place in a line."""
    return "".join(char if char.isprintable() else " " for char in text)


def wrapped(indent: str, head: str, parts: list[str], tail: str) -> str:
    """Return a call or a signature, on several lines where one would be too long."""
    line = f"{indent}{head}{', '.join(parts)}{tail}"
    if len(line) < 100:
        return line
    inner = "".join(f"{indent}    {part},\n" for part in parts)
    return f"{indent}{head}\n{inner}{indent}{tail}"
