"""JSON Schema 2020-12 of types, as OpenAPI 3.1 wants it.

`openapi` gets `json_schemas` through the door. What a schema says is what binding does: a format
is written only where it is checked, and a pattern where the format allows more than we take.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from gambrel.conversion.adapters import STANDARD_CODECS, encode_hook, is_pydantic
from gambrel.conversion.shape import ABSENT, Codecs, Field, Shape, read_shape

__all__ = ["json_schemas"]

Schema = dict[str, Any]
Mode = Literal["input", "output"]

_DECIMAL = r"^-?(0|[1-9][0-9]{0,63})(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,2})?$"
_DURATION = (
    r"^P(?=[0-9T])([0-9]{1,8}D)?(T(?=[0-9])([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}(\.[0-9]+)?S)?)?$"
)
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?$"
_DAY = (
    r"((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31|02-29)"
)
_BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_PLAIN: dict[str, Schema] = {
    "any": {},
    "none": {"type": "null"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "str": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64", "pattern": _BASE64},
    "uuid": {"type": "string", "format": "uuid"},
    "date": {"type": "string", "format": "date"},
    "timedelta": {"type": "string", "format": "duration", "pattern": _DURATION},
    "decimal": {"type": "string", "format": "decimal", "pattern": _DECIMAL},
}
# RFC 3339 date-time and time have an offset; the OpenAPI format registry has names without, which
# no validator knows.
_TIMES: dict[tuple[str, bool], Schema] = {
    ("datetime", True): {"format": "date-time"},
    ("datetime", False): {
        "format": "date-time-local",
        "pattern": f"^(?!0000)[0-9]{{4}}-{_DAY}[Tt ]{_TIME}",
    },
    ("time", True): {"format": "time"},
    ("time", False): {"format": "time-local", "pattern": f"^{_TIME}"},
}
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LENGTHS = {
    **dict.fromkeys(("list", "set", "frozenset", "vartuple"), "Items"),
    "dict": "Properties",
    "str": "Length",
    "bytes": "Length",
}
_NAMED = {"object", "enum", "pydantic"}
# Marks references inside Pydantic's own schemas, until its models have our names.
_MODEL = "gambrel-model:"


def json_schemas(
    types: Sequence[Any],
    *,
    mode: Mode,
    ref_template: str = "#/components/schemas/{name}",
    codecs: Codecs | None = None,
) -> tuple[list[Schema], dict[str, Schema]]:
    """Return the schema of each type, and the components that they refer to, by name.

    In `output` every field that is always written is required. Types of the same name get names
    with their modules.

    Raises:
        GambrelError: A type cannot be bound.
    """
    codecs = {**STANDARD_CODECS, **(codecs or {})}
    shapes = [read_shape(annotation, codecs) for annotation in types]
    writer = _Writer(mode, ref_template, _names_of(shapes), encode_hook(codecs))
    schemas = [writer.write(shape) for shape in shapes]
    return schemas, dict(sorted(writer.components.items()))


Key = tuple[Any, tuple[Any, ...]]


def _key(shape: Shape) -> Key:
    return shape.cls, shape.arguments


def _names_of(shapes: Iterable[Shape]) -> dict[Key, str]:
    """Name every class once: shortly, or with its module where two would be called the same."""
    found: dict[Key, Shape] = {}
    for shape in shapes:
        _gather(shape, found)
    names: dict[Key, str] = {}
    for spell in (_short_name, _long_name):
        spelled = {key: spell(shape) for key, shape in found.items() if key not in names}
        counts: dict[str, int] = {}
        for name in spelled.values():
            counts[name] = counts.get(name, 0) + 1
        names.update((key, name) for key, name in spelled.items() if counts[name] == 1)
    for key, shape in found.items():
        name, number = _long_name(shape), 2
        while key not in names:
            if f"{name}{number}" not in names.values():
                names[key] = f"{name}{number}"
            number += 1
    return names


def _gather(shape: Shape, found: dict[Key, Shape]) -> None:
    if shape.kind in _NAMED:
        if _key(shape) in found:
            return
        found[_key(shape)] = shape
    for item in shape.items:
        _gather(item, found)
    for field in shape.fields:
        _gather(field.shape, found)


def _short_name(shape: Shape) -> str:
    return _spelled(shape.cls.__name__, shape.arguments)


def _long_name(shape: Shape) -> str:
    return _spelled(f"{shape.cls.__module__}.{shape.cls.__qualname__}", shape.arguments)


def _spelled(name: str, arguments: tuple[Any, ...]) -> str:
    parts = [name, *(getattr(a, "__name__", str(a)) for a in arguments)]
    # what OpenAPI allows in the name of a component
    return re.sub(r"[^A-Za-z0-9._-]+", "_", "_".join(parts).replace("<locals>.", "")).strip("_")


class _Writer:
    """Writes schemas; each named class once, into `components`."""

    def __init__(
        self, mode: Mode, template: str, names: dict[Key, str], encode: Callable[[Any], Any]
    ) -> None:
        self.mode = mode
        self.template = template
        self.names = names
        self.encode = encode
        self.components: dict[str, Schema] = {}
        self.models: dict[str, Schema] = {}

    def write(self, shape: Shape) -> Schema:
        """Return the schema of a shape, with its constraints and notes."""
        schema = {**self._bare(shape), **_keywords(shape)}
        notes = shape.notes
        schema.update((n, notes[n]) for n in ("title", "description") if n in notes)
        if "examples" in notes:
            schema["examples"] = [self._plain(example) for example in notes["examples"]]
        return {**schema, **notes.get("extra_json_schema", {})}

    def _plain(self, value: Any) -> Any:
        return msgspec.to_builtins(value, enc_hook=self.encode, str_keys=True)

    def _bare(self, shape: Shape) -> Schema:
        if shape.kind in {"datetime", "time"}:
            is_aware = shape.bounds.get("tz", shape.kind == "datetime")
            return {"type": "string", **_TIMES[shape.kind, is_aware]}
        if shape.kind in _PLAIN:
            return dict(_PLAIN[shape.kind])
        if shape.kind in _NAMED:
            return self._reference(shape)
        return _WRITERS[shape.kind](self, shape)

    def _reference(self, shape: Shape) -> Schema:
        name = self.names[_key(shape)]
        if name not in self.components:
            self.components[name] = {}  # a recursive type refers to it meanwhile
            self.components[name].update(_COMPONENTS[shape.kind](self, shape))
        return {"$ref": self.template.format(name=name)}

    def write_enum(self, shape: Shape) -> Schema:
        schema = _values([member.value for member in shape.cls])
        return {"title": shape.cls.__name__, **_described(shape.cls), **schema}

    def write_codec(self, shape: Shape) -> Schema:
        return dict(shape.codec.schema) if shape.codec else {}

    def write_list(self, shape: Shape) -> Schema:
        schema: Schema = {"type": "array", "items": self.write(shape.items[0])}
        if shape.kind in {"set", "frozenset"} and self.mode == "output":
            schema["uniqueItems"] = True
        return schema

    def write_tuple(self, shape: Shape) -> Schema:
        return _positions([self.write(item) for item in shape.items], len(shape.items))

    def write_dict(self, shape: Shape) -> Schema:
        key, value = shape.items
        schema: Schema = {"type": "object", "additionalProperties": self.write(value)}
        of_key = self.write(key)
        if key.kind == "int":
            of_key = {"type": "string", "pattern": "^-?(0|[1-9][0-9]*)$"}
        if of_key not in ({}, {"type": "string"}):
            schema["propertyNames"] = of_key
        return schema

    def write_union(self, shape: Shape) -> Schema:
        members = [item for item in shape.items if item.kind not in ABSENT]
        is_nullable = any(item.kind == "none" for item in shape.items)
        written = [self.write(member) for member in members]
        if len(written) == 1 and not is_nullable:
            return written[0]
        only = written[0] if len(written) == 1 else {}
        if isinstance(only.get("type"), str) and only.keys().isdisjoint({"enum", "const"}):
            return {**only, "type": [only["type"], "null"]}
        null: list[Schema] = [{"type": "null"}] if is_nullable else []
        tagged = self._tagged(members)
        if not tagged:
            return {"anyOf": [*written, *null]}
        if null:
            return {"anyOf": [{"oneOf": written, "discriminator": tagged}, *null]}
        return {"oneOf": written, "discriminator": tagged}

    def _tagged(self, members: list[Shape]) -> Schema | None:
        """Return the discriminator of a union of tagged Structs."""
        configs = [getattr(member.cls, "__struct_config__", None) for member in members]
        if len(members) < 2 or not all(
            c and c.tag is not None and not c.array_like for c in configs
        ):
            return None
        references = [self._reference(member)["$ref"] for member in members]
        tags = [str(config.tag) for config in configs if config]
        mapping = dict(zip(tags, references, strict=True))
        return {"propertyName": configs[0].tag_field if configs[0] else "", "mapping": mapping}

    def write_object(self, shape: Shape) -> Schema:
        config = getattr(shape.cls, "__struct_config__", None)
        head = {"title": _title(shape), **_described(shape.cls)}
        fields = [item for item in shape.fields if not self._is_hidden(item, shape)]
        properties = {item.key: self._member(item) for item in fields}
        required = [item.key for item in fields if self._is_required(item, shape)]
        if shape.flavour == "namedtuple" or (config and config.array_like):
            tag = [_values([config.tag])] if config and config.tag is not None else []
            least = sum(item.required for item in shape.fields) + len(tag)
            if self.mode == "output":
                least = len(properties) + len(tag)
            return {**head, **_positions([*tag, *properties.values()], least)}
        if config and config.tag is not None:
            properties = {config.tag_field: _values([config.tag]), **properties}
            required = [config.tag_field, *required]
        schema: Schema = {**head, "type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if config and config.forbid_unknown_fields:
            schema["additionalProperties"] = False
        return schema

    def _is_hidden(self, item: Field, shape: Shape) -> bool:
        # msgspec reads private fields of these classes and does not write them
        is_private = shape.flavour in {"dataclass", "attrs"} and item.name.startswith("_")
        return is_private and self.mode == "output"

    def _is_required(self, item: Field, shape: Shape) -> bool:
        if self.mode == "input" or item.required or shape.flavour == "typeddict":
            return item.required
        config = getattr(shape.cls, "__struct_config__", None)
        omits = config is not None and config.omit_defaults
        return not omits and not any(member.kind == "unset" for member in item.shape.items)

    def _member(self, item: Field) -> Schema:
        schema = self.write(item.shape)
        # null says no more than that the field may be left out, and makes generators require it
        if item.default not in (msgspec.NODEFAULT, msgspec.UNSET, None) and "default" not in schema:
            schema["default"] = self._plain(item.default)
        return schema

    def write_model(self, shape: Shape) -> Schema:
        """Return the schema of a Pydantic model; the models inside become components too."""
        schema, inner = self._model_schema(shape.cls)
        names = {name: self._inner_name(name, body, shape) for name, body in inner.items()}
        own = {shape.cls.__name__: self.names[_key(shape)]}
        template = self.template
        references = {
            _MODEL + model: template.format(name=name) for model, name in {**own, **names}.items()
        }
        for name, body in inner.items():
            self.components[names[name]] = _replaced(body, references)
        return dict(_replaced(schema, references))

    def _model_schema(self, model: Any) -> tuple[Schema, dict[str, Schema]]:
        mode = "validation" if self.mode == "input" else "serialization"
        schema: Schema = model.model_json_schema(mode=mode, ref_template=_MODEL + "{model}")
        inner: dict[str, Schema] = schema.pop("$defs", {})
        # a recursive model refers to itself among the others
        own = schema.get("$ref", "").removeprefix(_MODEL)
        return (inner.pop(own), inner) if own in inner else (schema, inner)

    def _inner_name(self, name: str, body: Schema, outer: Shape) -> str:
        """Return the name of a model inside a model: its own, unless another type has that."""
        owners = [key[0] for key, taken in self.names.items() if taken == name]
        if owners:
            is_same = is_pydantic(owners[0]) and self._model_schema(owners[0])[0] == body
        else:
            is_same = self.models.setdefault(name, body) == body
        return name if is_same else f"{_long_name(outer)}.{name}"


_WRITERS: dict[str, Callable[[_Writer, Shape], Schema]] = {
    **dict.fromkeys(("list", "set", "frozenset", "vartuple"), _Writer.write_list),
    "tuple": _Writer.write_tuple,
    "dict": _Writer.write_dict,
    "union": _Writer.write_union,
    "literal": lambda _, shape: _values(shape.cls),
    "codec": _Writer.write_codec,
}
_COMPONENTS: dict[str, Callable[[_Writer, Shape], Schema]] = {
    "object": _Writer.write_object,
    "enum": _Writer.write_enum,
    "pydantic": _Writer.write_model,
}


def _keywords(shape: Shape) -> Schema:
    """Return the keywords of the constraints that JSON Schema can say."""
    schema: Schema = {}
    for name, bound in shape.bounds.items():
        if name in _BOUNDS and shape.kind in {"int", "float"}:
            schema[_BOUNDS[name]] = bound
        elif name == "pattern":
            schema["pattern"] = bound
        elif name in {"min_length", "max_length"} and shape.kind in _LENGTHS:
            # base64 writes three bytes as four characters
            length = 4 * math.ceil(bound / 3) if shape.kind == "bytes" else bound
            schema[name[:3] + _LENGTHS[shape.kind]] = length
    return schema


def _values(values: Sequence[Any]) -> Schema:
    schema: Schema = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    kinds = {type(value) for value in values}
    if kinds == {str}:
        return {"type": "string", **schema}
    return {"type": "integer", **schema} if kinds == {int} else schema


def _positions(items: list[Schema], least: int) -> Schema:
    if not items:
        return {"type": "array", "maxItems": 0}
    return {
        "type": "array",
        "prefixItems": items,
        "items": False,
        "minItems": least,
        "maxItems": len(items),
    }


def _title(shape: Shape) -> str:
    names = [getattr(argument, "__name__", str(argument)) for argument in shape.arguments]
    return str(shape.cls.__name__) + (f"[{', '.join(names)}]" if names else "")


def _described(cls: type) -> Schema:
    """Return the description of a class: its own docstring, if it was written by a person."""
    text = cls.__dict__.get("__doc__") or ""
    is_made = text.startswith(f"{cls.__name__}(") or text == "An enumeration."
    return {"description": inspect.cleandoc(text)} if text and not is_made else {}


def _replaced(node: Any, references: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _replaced(value, references) for key, value in node.items()}
    if isinstance(node, list):
        return [_replaced(value, references) for value in node]
    if isinstance(node, str) and node.startswith(_MODEL):
        return references[node]
    return node
