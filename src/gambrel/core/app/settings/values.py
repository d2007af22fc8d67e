"""Fields of settings sections, and their values: read from a section's type, converted, shown.

`Settings` and its merging use it; which values there are and where they come from is not known.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec

from gambrel.core.app.settings.secret import Secret
from gambrel.core.binding.shape import Codec, Shape, read_shape
from gambrel.core.binding.text import ConversionError, collection_converter, scalar_converter

CODECS = {Secret: Codec(str, Secret), PurePath: Codec(str, Path)}
_COLLECTIONS = frozenset({"list", "set", "frozenset", "tuple", "vartuple"})
_PLAIN = {int: "5", float: "2.5", bool: "true"}
_URL_PASSWORD = re.compile(r"(://[^:/?#@\s]*):[^/?#\s]*@")


@dataclass(frozen=True, slots=True)
class Env:
    """Another environment variable for a setting: `Annotated[str, Env("GAMBREL_DATABASE_URL")]`."""

    name: str


@dataclass(frozen=True, slots=True)
class SectionField:
    """One field of a section: its annotation with everything in it, and how its default is made."""

    name: str
    annotation: Any
    default: Any
    factory: Any

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is msgspec.NODEFAULT and self.factory is msgspec.NODEFAULT

    def make_default(self) -> Any:
        """Return the default, made anew."""
        return self.default if self.factory is msgspec.NODEFAULT else self.factory()

    @property
    def notes(self) -> tuple[Any, ...]:
        """What is written in `Annotated` beside the type."""
        return get_args(self.annotation)[1:] if get_origin(self.annotation) is Annotated else ()

    @property
    def kind(self) -> Any:
        """The type without `Annotated`."""
        return get_args(self.annotation)[0] if self.notes else self.annotation

    @property
    def is_secret(self) -> bool:
        """Whether a secret may be inside, so that no message quotes a value."""
        return _mentions_secret(self.annotation)

    @property
    def description(self) -> str:
        """The description in its `msgspec.Meta`."""
        metas = [note for note in self.notes if isinstance(note, msgspec.Meta)]
        return next((meta.description for meta in metas if meta.description), "")


def is_section(kind: object) -> bool:
    """Tell whether a type has named fields of its own: a dataclass or a Struct."""
    return isinstance(kind, type) and (
        dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct)
    )


def fields_of(section: Any) -> list[SectionField]:
    """Return the fields of a section's type that its constructor takes."""
    if issubclass(section, msgspec.Struct):
        infos = msgspec.structs.fields(section)
        return [SectionField(f.name, f.type, f.default, f.default_factory) for f in infos]
    hints = get_type_hints(section, include_extras=True)
    return [
        SectionField(f.name, hints[f.name], _given(f.default), _given(f.default_factory))
        for f in dataclasses.fields(section)
        if f.init
    ]


def to_table(value: Any) -> Any:
    """Spell sections inside arguments as mappings of what differs from their defaults."""
    if isinstance(value, Mapping):
        return {key: to_table(inner) for key, inner in value.items()}
    if not is_section(type(value)):
        return value
    return {
        field.name: to_table(inner)
        for field in fields_of(type(value))
        for inner in [getattr(value, field.name)]
        if field.required or inner != field.make_default()
    }


def _given(default: Any) -> Any:
    return msgspec.NODEFAULT if default is dataclasses.MISSING else default


def _mentions_secret(annotation: Any) -> bool:
    if is_section(annotation):
        return any(field.is_secret for field in fields_of(annotation))
    return annotation is Secret or any(_mentions_secret(part) for part in get_args(annotation))


def from_text(text: str, annotation: Any) -> Any:
    """Convert the text of a variable or a file.

    A list is `a,b` or one item a line, or JSON; an object is JSON; an empty text is None where
    None is allowed.

    Raises:
        ValueError: The text is no such value; the message does not quote it.
    """
    shape = read_shape(annotation, CODECS)
    members = [item.kind for item in shape.items] if shape.kind == "union" else [shape.kind]
    if not text and "none" in members:
        return None
    if text[:1] in {"[", "{"} and not {"str", "codec"} & set(members):
        return from_value(_parse_json(text), annotation)
    if _COLLECTIONS & set(members):
        parts = [part.strip() for part in re.split(r"[,\n]", text)]
        return collection_converter(shape)([part for part in parts if part])
    if {"dict", "object", "typeddict"} & set(members):
        return from_value(_parse_json(text), annotation)
    return scalar_converter(shape)(text)


def _parse_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise ConversionError("json", "must be JSON") from None


def from_value(value: Any, annotation: Any) -> Any:
    """Convert a value of a table: an argument, or what a TOML file holds.

    Raises:
        ValueError: The value is of another type; the message does not quote it.
    """
    return msgspec.convert(value, annotation, dec_hook=_make, str_keys=True)


def _make(kind: type, value: object) -> object:
    if isinstance(value, kind):
        return value
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    if issubclass(kind, PurePath) and isinstance(value, str):
        return kind(value)
    raise ValueError(f"must be a {kind.__qualname__}")


def show(value: object) -> str:
    """Return a value for people to read, with secrets and the passwords in URLs masked."""
    text = value if isinstance(value, str) else repr(value)
    return _URL_PASSWORD.sub(r"\1:***@", text)


def example(field: SectionField) -> str:
    """Return a value that could be typed for a field."""
    shape = read_shape(field.annotation, CODECS)
    return _example(shape)


def _example(shape: Shape) -> str:
    if shape.kind == "literal" or shape.kind == "enum":
        first = next(iter(shape.cls))
        return str(getattr(first, "value", first))
    if shape.items and shape.kind in _COLLECTIONS | {"union"}:
        return _example(shape.items[0])
    return _PLAIN.get(shape.cls, "'{...}'" if shape.kind in {"dict", "object"} else "...")


def secrets_in(value: object) -> Iterator[Secret]:
    """Yield every secret inside a section or a value."""
    if isinstance(value, Secret):
        yield value
    elif is_section(type(value)):
        for field in fields_of(type(value)):
            yield from secrets_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from secrets_in(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from secrets_in(inner)
