"""Fields of settings sections, and their values: read from a section's type, converted, shown.

`Sections` and its merging use it; which values there are and where they come from is not known.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from gambrel.settings.secret import Secret

_COLLECTIONS = frozenset({"list", "set", "frozenset", "tuple", "vartuple"})
_QUOTED = r"(?s)Invalid enum value .*?(?=( - at `[^`]*`( in `[^`]*`)*)?$)"
_MASKED = r"(://[^:/?#@\s]*):[^/?#\s]*@"


class Env(Struct, frozen=True):
    """Another environment variable for a setting: `Annotated[str, Env("GAMBREL_DATABASE_URL")]`."""

    name: str


class SectionField(Struct, frozen=True):
    """One field of a section; without `make_default` a value must be given."""

    name: str
    annotation: Any
    make_default: Callable[[], Any] | None

    @property
    def notes(self) -> tuple[Any, ...]:
        """What is written in `Annotated` beside the type."""
        return get_args(self.annotation)[1:] if get_origin(self.annotation) is Annotated else ()

    @property
    def kind(self) -> Any:
        """The type without `Annotated`."""
        return get_args(self.annotation)[0] if self.notes else self.annotation

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names that `Env` gives it."""
        return tuple(note.name for note in self.notes if isinstance(note, Env))

    @property
    def description(self) -> str:
        """The description in its `msgspec.Meta`."""
        texts = [note.description for note in self.notes if isinstance(note, msgspec.Meta)]
        return next(filter(None, texts), "")


def is_section(kind: object) -> bool:
    """Tell whether a type has named fields of its own: a dataclass or a Struct."""
    if not isinstance(kind, type):
        return False
    return issubclass(kind, msgspec.Struct) or hasattr(kind, "__dataclass_fields__")


def fields_of(section: Any) -> list[SectionField]:
    """Return the fields of a section's type that its constructor takes."""
    hints = get_type_hints(section, include_extras=True)
    if issubclass(section, msgspec.Struct):
        fields: Any = msgspec.structs.fields(section)
        absent: Any = msgspec.NODEFAULT
    else:
        import dataclasses  # noqa: PLC0415 - start-up: sections that are dataclasses

        fields = [field for field in dataclasses.fields(section) if field.init]
        absent = dataclasses.MISSING
    return [SectionField(f.name, hints[f.name], _default(f, absent)) for f in fields]


def aliases_of(section: Any) -> set[str]:
    """Return the names that `Env` gives to the fields of a section, and of sections inside it."""
    fields = fields_of(section)
    inner = [aliases_of(field.kind) for field in fields if is_section(field.kind)]
    return {name for field in fields for name in field.aliases}.union(*inner)


def _default(field: Any, absent: Any) -> Callable[[], Any] | None:
    if field.default_factory is not absent:
        factory: Callable[[], Any] = field.default_factory
        return factory
    return None if field.default is absent else lambda: field.default


def to_table(value: Any) -> Any:
    """Spell sections inside arguments as mappings of what differs from their defaults."""
    if isinstance(value, Mapping):
        return {key: to_table(inner) for key, inner in value.items()}
    if not is_section(type(value)):
        return value
    given = {field: getattr(value, field.name) for field in fields_of(type(value))}
    return {
        field.name: to_table(inner)
        for field, inner in given.items()
        if field.make_default is None or inner != field.make_default()
    }


def from_text(text: str, annotation: Any) -> Any:
    """Convert the text of a variable or a file.

    A list is `a,b` or one item a line, or JSON; an object is JSON; an empty text is None where
    None is allowed.

    Raises:
        ValueError: The text is no such value; the message does not quote it.
    """
    from gambrel.conversion.shape import Codec, read_shape  # noqa: PLC0415 - start-up: variables
    from gambrel.conversion.text import (  # noqa: PLC0415 - start-up: variables
        collection_converter,
        scalar_converter,
    )

    codecs = {Secret: Codec(str, Secret), PurePath: Codec(str, Path)}
    shape = read_shape(annotation, codecs)
    kinds = {item.kind for item in shape.items} if shape.kind == "union" else {shape.kind}
    if not text and "none" in kinds:
        return None
    is_json = text[:1] in {"[", "{"} and not {"str", "codec"} & kinds
    if is_json or {"dict", "object", "typeddict"} & kinds:
        return from_value(msgspec.json.decode(text), annotation)
    if _COLLECTIONS & kinds:
        parts = [part.strip() for part in re.split(r"[,\n]", text)]
        return collection_converter(shape)([part for part in parts if part])
    return scalar_converter(shape)(text)


def from_value(value: Any, annotation: Any) -> Any:
    """Convert a value of a table: an argument, or what a TOML file holds.

    Raises:
        ValueError: The value is of another type; the message does not quote it.
    """
    try:
        return msgspec.convert(value, annotation, dec_hook=_make, str_keys=True)
    except msgspec.ValidationError as error:
        raise ValueError(re.sub(_QUOTED, "must be one of its choices", str(error))) from None


def _make(kind: Callable[[Any], Any], value: object) -> object:
    return value if isinstance(kind, type) and isinstance(value, kind) else kind(value)


def show(value: object) -> str:
    """Return a value for people to read, with secrets and the passwords in URLs masked."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(show, value))
    text = str(value) if isinstance(value, str | PurePath | Secret) else repr(value)
    return re.sub(_MASKED, r"\1:***@", text) if "://" in text else text


def secrets_in(value: object) -> list[Secret]:
    """Return the secrets a value is or holds."""
    held = list(value.values()) if isinstance(value, Mapping) else value
    items = list(held) if isinstance(held, list | tuple | set | frozenset) else [held]
    return [item for item in items if isinstance(item, Secret)]
