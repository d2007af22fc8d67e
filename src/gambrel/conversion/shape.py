"""What an annotation means, read once: kinds, members, fields and constraints.

Every converter of this room (text, faults, projection, schemas) is compiled from a `Shape`. Both
`msgspec.Meta` and `annotated_types` are understood. Shapes of recursive types are recursive: walk
them by kind and compare them by identity, never with `==`.
"""

import dataclasses
import datetime as dt
import decimal
import enum
import math
import re
import types
import typing
import uuid
from collections import abc
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct, field

from gambrel.conversion.errors import GambrelError

__all__ = [
    "ABSENT",
    "EXPECTED",
    "Codec",
    "Codecs",
    "Field",
    "Rule",
    "Shape",
    "read_shape",
    "unsupported",
]

SCALARS: dict[Any, str] = {
    Any: "any",
    object: "any",
    msgspec.Raw: "any",
    None: "none",
    types.NoneType: "none",
    msgspec.UnsetType: "unset",
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    bytes: "bytes",
    bytearray: "bytes",
    uuid.UUID: "uuid",
    dt.datetime: "datetime",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "timedelta",
    decimal.Decimal: "decimal",
}
LISTS: tuple[Any, ...] = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)
SETS: tuple[Any, ...] = (set, abc.Set, abc.MutableSet)
DICTS: tuple[Any, ...] = (dict, abc.Mapping, abc.MutableMapping)
COLLECTIONS: dict[Any, str] = {
    **dict.fromkeys(LISTS, "list"),
    **dict.fromkeys(SETS, "set"),
    frozenset: "frozenset",
    tuple: "tuple",
    **dict.fromkeys(DICTS, "dict"),
}
BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "tz")
NOTES = ("title", "description", "examples", "extra_json_schema", "extra")
ABSENT = {"none", "unset"}
# Far beyond any use; `int(Decimal("1e999999999"))` would eat the machine.
MAX_DECIMAL_EXPONENT = 400
# What a value of a kind must be, for people.
EXPECTED: dict[str, str] = {
    "none": "must be null",
    "bool": "must be true or false",
    "int": "must be a whole number",
    "float": "must be a number",
    "str": "must be a string",
    "bytes": "must be base64",
    "uuid": "must be a UUID",
    "datetime": "must be a date and time such as 2026-01-31T12:00:00Z",
    "date": "must be a date such as 2026-01-31",
    "time": "must be a time such as 12:00:00",
    "timedelta": "must be an ISO 8601 duration such as PT1H30M",
    "decimal": "must be a decimal number",
    **dict.fromkeys(("list", "set", "frozenset", "vartuple", "tuple"), "must be a list"),
    "dict": "must be an object",
}


class Codec(Struct, frozen=True):
    """How a type of the user's own travels: as the plain JSON value that `encode` returns.

    `decode` makes the type from that value again, raising ValueError; `schema` describes it.
    """

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any] | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)


Codecs = Mapping[type, Codec]


def find_codec(target: type, codecs: Codecs) -> Codec | None:
    """Return the codec of a class or of its nearest ancestor, or what it has as `__codec__`."""
    own: Codec | None = getattr(target, "__codec__", None)
    return own or next((codecs[cls] for cls in target.__mro__ if cls in codecs), None)


class Rule(Struct, frozen=True):
    """One constraint on a converted value; `message` says what the value must be."""

    code: str
    message: str
    accepts: Callable[[Any], bool]


class Field(Struct, eq=False):
    """One member of an object: its attribute `name` and its `key` on the wire."""

    name: str
    key: str
    shape: "Shape"
    required: bool
    default: Any = msgspec.NODEFAULT


class Shape(Struct, eq=False):
    """One node of a type.

    `items` holds the element of a list or set, the members of a fixed tuple or union, or the key
    and the value of a dict. `native` are the constraints msgspec itself enforces, `extra` those
    that are left to us. `flavour` says what kind of class an object is.
    """

    kind: str
    annotation: Any
    cls: Any = None
    arguments: tuple[Any, ...] = ()
    items: tuple["Shape", ...] = ()
    fields: list[Field] = field(default_factory=list)
    flavour: str = ""
    native: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    predicates: tuple[Callable[[Any], bool], ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)
    codec: Codec | None = None

    @property
    def bounds(self) -> dict[str, Any]:
        """All constraints, whoever enforces them."""
        return {**self.native, **self.extra}

    @property
    def is_constrained(self) -> bool:
        """Whether anything narrows the plain type."""
        return bool(self.native or self.extra or self.predicates)

    def make(self, values: dict[str, Any]) -> Any:
        """Return an object of this shape's class from its fields by name."""
        if self.flavour == "attrs":
            values = {name.lstrip("_"): value for name, value in values.items()}
        return self.cls(**values)

    def rules(self, *, native: bool) -> tuple[Rule, ...]:
        """Return the constraints as rules; without `native`, only those msgspec leaves to us."""
        bounds = self.bounds if native else self.extra
        told = self.notes.get("extra", {})
        found = [_rule(self.kind, name, bound, told) for name, bound in bounds.items()]
        found += [Rule("custom", "is not acceptable", accepts) for accepts in self.predicates]
        if self.kind in _ALWAYS and not (self.kind in _CLOCKS and "tz" in self.bounds):
            found.insert(0, _ALWAYS[self.kind])
        return tuple(found)


def unsupported(annotation: Any, hint: str, where: str = "") -> GambrelError:
    """Return the error for an annotation that cannot be bound."""
    from gambrel.forgotten import hint_for_type  # noqa: PLC0415 - start-up: errors

    spelled = getattr(annotation, "__qualname__", None) or str(annotation)
    hint = hint_for_type(annotation) or hint
    return GambrelError("binding.unsupported-type", f"{spelled} cannot be bound", where, hint)


def read_shape(annotation: Any, codecs: Codecs | None = None) -> Shape:
    """Return the shape of an annotation.

    Raises:
        GambrelError: The annotation, or one inside it, cannot be bound.
    """
    return _Reader(codecs or {}).read(annotation, {})


class _Reader:
    """Reads one annotation; remembers the classes on the way, so that recursion ends."""

    def __init__(self, codecs: Codecs) -> None:
        self.codecs = codecs
        self.objects: dict[Any, Shape] = {}

    def read(self, annotation: Any, variables: Mapping[Any, Any]) -> Shape:
        """Return the shape of one annotation, its type variables replaced."""
        if get_origin(annotation) is Annotated:
            return _constrained(self.read(annotation.__origin__, variables), annotation)
        target = _target(annotation, variables)
        if target is not annotation:
            return self.read(target, variables)
        origin = get_origin(annotation)
        if origin in {typing.Union, types.UnionType}:
            return self._union(annotation, variables)
        if origin is Literal:
            return Shape("literal", annotation, cls=get_args(annotation))
        plain = origin or annotation
        if isinstance(plain, type) and (codec := find_codec(plain, self.codecs)):
            return Shape("codec", annotation, plain, codec=codec)
        if annotation in SCALARS:
            return Shape(SCALARS[annotation], annotation, annotation)
        if plain in COLLECTIONS:
            return self._collection(COLLECTIONS[plain], annotation, variables)
        return self._class(annotation, plain, variables)

    def _union(self, annotation: Any, variables: Mapping[Any, Any]) -> Shape:
        members: list[Shape] = []
        for argument in get_args(annotation):
            shape = self.read(argument, variables)
            # a union inside a union is reached through aliases and type variables
            members += shape.items if shape.kind == "union" and not shape.bounds else (shape,)
        return Shape("union", annotation, items=tuple(members))

    def _collection(self, kind: str, annotation: Any, variables: Mapping[Any, Any]) -> Shape:
        arguments = get_args(annotation)
        if kind == "tuple" and (annotation is tuple or arguments[1:] == (...,)):
            kind, arguments = "vartuple", arguments[:1]
        wanted = {"dict": 2, "tuple": len(arguments)}.get(kind, 1)
        arguments = arguments or (Any,) * wanted
        items = [self.read(argument, variables) for argument in arguments]
        if kind == "dict" and items[0].kind == "float":  # a key is a text: msgspec reads "nan"
            items[0] = msgspec.structs.replace(
                items[0], predicates=(*items[0].predicates, math.isfinite)
            )
        return Shape(kind, annotation, items=tuple(items))

    def _class(self, annotation: Any, plain: Any, variables: Mapping[Any, Any]) -> Shape:
        if not isinstance(plain, type):
            raise unsupported(annotation, _HINT)
        if issubclass(plain, enum.Enum):
            return Shape("enum", annotation, plain)
        if hasattr(plain, "__pydantic_validator__") and hasattr(plain, "model_fields"):
            return Shape("pydantic", annotation, plain)
        flavour = _flavour(plain)
        if not flavour:
            raise unsupported(annotation, _HINT)
        arguments = tuple(
            _argument_of(a, variables) if isinstance(a, TypeVar) else a
            for a in get_args(annotation)
        )
        key = (plain, arguments)
        if key not in self.objects:
            shape = self.objects[key] = Shape(
                "object", annotation, plain, arguments, flavour=flavour
            )
            parameters = getattr(plain, "__parameters__", ())
            inner = dict(zip(parameters, arguments, strict=False))
            alias: Any = plain
            alias = alias[arguments] if arguments else alias
            # the list is shared with the constrained copies that a recursive type makes meanwhile
            shape.fields.extend(self._fields(shape, alias, inner))
        return self.objects[key]

    def _fields(self, shape: Shape, alias: Any, variables: Mapping[Any, Any]) -> Iterable[Field]:
        for name, key, annotation, required, default in _MEMBERS[shape.flavour](shape.cls, alias):
            try:
                inner = self.read(annotation, variables)
            except GambrelError as error:
                where = error.where or f"{shape.cls.__module__}.{shape.cls.__qualname__}.{name}"
                raise GambrelError(error.code, error.what, where, error.hint) from None
            yield Field(name, key, inner, required, default)


_HINT = (
    "use a Struct, dataclass, TypedDict, attrs or Pydantic class, a standard type, or give "
    "it a `__codec__`"
)


def _target(annotation: Any, variables: Mapping[Any, Any]) -> Any:
    """Return what a NewType, alias, type variable or qualifier stands for; else itself."""
    origin = get_origin(annotation)
    if isinstance(annotation, TypeVar):
        return _argument_of(annotation, variables)
    if getattr(origin, "_name", "") in {"Required", "NotRequired", "ReadOnly", "Final", "ClassVar"}:
        return get_args(annotation)[0]
    if hasattr(annotation, "__supertype__"):
        return annotation.__supertype__
    if origin is not None and hasattr(origin, "__value__"):
        return origin.__value__[get_args(annotation)]
    return annotation.__value__ if type(annotation).__name__ == "TypeAliasType" else annotation


def _argument_of(variable: Any, variables: Mapping[Any, Any]) -> Any:
    if variable in variables and variables[variable] is not variable:
        return variables[variable]
    return variable.__bound__ if variable.__bound__ is not None else Any


def _flavour(plain: type) -> str:
    if issubclass(plain, msgspec.Struct):
        return "struct"
    if typing.is_typeddict(plain):
        return "typeddict"
    if issubclass(plain, tuple) and hasattr(plain, "_fields"):
        return "namedtuple"
    if dataclasses.is_dataclass(plain):
        return "dataclass"
    return "attrs" if hasattr(plain, "__attrs_attrs__") else ""


Member = tuple[str, str, Any, bool, Any]
_EMPTY_FACTORIES: tuple[Any, ...] = (list, dict, set, frozenset, tuple)


def _struct_members(plain: Any, alias: Any) -> Iterable[Member]:
    for item in msgspec.structs.fields(alias):
        default = item.default
        if item.default_factory in _EMPTY_FACTORIES:
            default = item.default_factory()
        yield item.name, item.encode_name, item.type, item.required, default


def _dataclass_members(plain: Any, alias: Any) -> Iterable[Member]:
    hints = typing.get_type_hints(plain, include_extras=True)
    for item in dataclasses.fields(plain):
        if item.init:
            made = item.default_factory is not dataclasses.MISSING
            required = item.default is dataclasses.MISSING and not made
            default = msgspec.NODEFAULT if item.default is dataclasses.MISSING else item.default
            yield item.name, item.name, hints[item.name], required, default


def _attrs_members(plain: Any, alias: Any) -> Iterable[Member]:
    hints = typing.get_type_hints(plain, include_extras=True)
    for item in plain.__attrs_attrs__:
        if item.init:
            required = item.default is None or type(item.default).__name__ == "_Nothing"
            required = required or getattr(item.default, "name", "") == "NOTHING"
            plain_default = not required and not hasattr(item.default, "factory")
            default = item.default if plain_default else msgspec.NODEFAULT
            yield item.name, item.name, hints.get(item.name, Any), required, default


def _typeddict_members(plain: Any, alias: Any) -> Iterable[Member]:
    for name, hint in typing.get_type_hints(plain, include_extras=True).items():
        yield name, name, hint, name in plain.__required_keys__, msgspec.NODEFAULT


def _namedtuple_members(plain: Any, alias: Any) -> Iterable[Member]:
    hints = typing.get_type_hints(plain, include_extras=True)
    for name in plain._fields:
        default = plain._field_defaults.get(name, msgspec.NODEFAULT)
        required = default is msgspec.NODEFAULT
        yield name, name, hints.get(name, Any), required, default


_MEMBERS: dict[str, Callable[[Any, Any], Iterable[Member]]] = {
    "struct": _struct_members,
    "dataclass": _dataclass_members,
    "attrs": _attrs_members,
    "typeddict": _typeddict_members,
    "namedtuple": _namedtuple_members,
}


def _constrained(shape: Shape, annotation: Any) -> Shape:
    """Return a copy of a shape with the constraints of `Annotated[T, …]` added."""
    native, extra, notes = dict(shape.native), dict(shape.extra), dict(shape.notes)
    predicates = list(shape.predicates)
    for item in _flat(annotation.__metadata__):
        if isinstance(item, msgspec.Meta):
            native.update((b, v) for b in BOUNDS if (v := getattr(item, b)) is not None)
            told = ((n, v) for n in NOTES if (v := getattr(item, n)) is not None)
            # `field()` on an `Email` must not take the message of that
            notes |= {n: notes.get(n, {}) | v if isinstance(v, dict) else v for n, v in told}
        elif type(item).__module__ == "annotated_types":
            extra.update((b, v) for b in BOUNDS if (v := getattr(item, b, None)) is not None)
            if hasattr(item, "func"):
                predicates.append(item.func)
            if hasattr(item, "tz"):
                extra["tz"] = item.tz is not None
    items = shape.items
    if shape.kind == "union":
        # a constraint on `int | None` is meant for the int
        added = {"extra": {**native, **extra}, "predicates": tuple(predicates)}
        items = tuple(m if m.kind in ABSENT else _tightened(m, added) for m in items)
        native, extra, predicates = {}, {}, []
    return msgspec.structs.replace(
        shape,
        annotation=annotation,
        items=items,
        native=native,
        extra=extra,
        notes=notes,
        predicates=tuple(predicates),
    )


def _tightened(shape: Shape, added: dict[str, Any]) -> Shape:
    return msgspec.structs.replace(
        shape,
        extra={**shape.extra, **added["extra"]},
        predicates=(*shape.predicates, *added["predicates"]),
    )


def _flat(metadata: Iterable[Any]) -> Iterable[Any]:
    for item in metadata:
        # Interval and Len are groups: iterating them gives Ge, Gt, MinLen…
        grouped = type(item).__module__ == "annotated_types" and hasattr(item, "__iter__")
        yield from item if grouped else (item,)


def _is_sensible_decimal(value: Any) -> bool:
    return bool(value.is_finite() and abs(value.adjusted()) <= MAX_DECIMAL_EXPONENT)


_CLOCKS = {"datetime", "time"}
_AWARE = Rule(
    "format", "must have a time zone, such as Z or +02:00", lambda v: v.tzinfo is not None
)
_NAIVE = Rule("format", "must not have a time zone", lambda v: v.tzinfo is None)
# What the JSON Schema formats date-time and time-local promise, and msgspec does not check.
_ALWAYS = {
    "datetime": _AWARE,
    "time": _NAIVE,
    "decimal": Rule("format", "must be a finite number of ordinary size", _is_sensible_decimal),
}


def _rule(kind: str, name: str, bound: Any, told: Mapping[str, str]) -> Rule:
    """Return the rule of one constraint, in plain English."""
    if name == "pattern":
        search = re.compile(bound).search
        message = str(told.get("message", f"must match the pattern {bound}"))
        return Rule(told.get("code", "pattern"), message, lambda v: bool(search(v)))
    if name == "tz":
        return _AWARE if bound else _NAIVE
    if name in {"min_length", "max_length"}:
        unit = {"str": "character", "bytes": "byte"}.get(kind, "item")
        unit += "" if bound == 1 else "s"
        if name == "min_length":
            return Rule("length", f"must have at least {bound} {unit}", lambda v: len(v) >= bound)
        return Rule("length", f"must have at most {bound} {unit}", lambda v: len(v) <= bound)
    text, accepts = _COMPARISONS[name]
    return Rule("range", text.format(bound), lambda v: accepts(v, bound))


_COMPARISONS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "ge": ("must be at least {}", lambda value, bound: bool(value >= bound)),
    "gt": ("must be greater than {}", lambda value, bound: bool(value > bound)),
    "le": ("must be at most {}", lambda value, bound: bool(value <= bound)),
    "lt": ("must be less than {}", lambda value, bound: bool(value < bound)),
    "multiple_of": ("must be a multiple of {}", lambda value, bound: not value % bound),
}
