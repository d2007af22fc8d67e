"""Schema and validation agree: what fits the schema of a type is taken, what is taken fits.

Documents are made from the schema itself, and then broken in one place.
"""

import datetime
import decimal
import enum
import functools
import ipaddress
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import attrs
import jsonschema_rs
import msgspec
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.errors import InvalidError, MalformedError
from gambrel.conversion.fields import Country, Slug
from gambrel.conversion.schemas import json_schemas

T = TypeVar("T")


class Page(Struct, Generic[T]):
    items: list[T]
    next: str | None = None


class Tree(Struct):
    value: int
    children: "list[Tree]" = []


class Leaf(Struct, tag="leaf"):
    size: int


class Fork(Struct, tag="fork"):
    left: "Leaf | Fork"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Row(Struct, array_like=True):
    a: int
    b: str = "x"


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    first_name: Annotated[str, Meta(min_length=1, max_length=3)]
    maybe: int | UnsetType = UNSET


@dataclass
class Plain:
    n: int
    m: float = 1.5


@attrs.define
class Made:
    n: int
    tags: set[str] = attrs.field(factory=set)


class Dict(TypedDict):
    a: int
    b: NotRequired[str]


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)

    name: str = pydantic.Field(min_length=2)
    inner: list[Colour] = []


TYPES: list[Any] = [
    *(Page[int], Page[Tree], Tree, Leaf | Fork, Colour, Level, Point, Row, Strict, Plain, Made),
    *(Dict, Model, Model | None, list[Model], dict[str, Model]),
    *(bool, int, float, str, bytes, Any, None | int, float | None, int | str | None, bool | int),
    *(Literal["a", 1, None], Literal[1, 2], Colour | None, list[Leaf | Fork | None]),
    Annotated[int, Meta(ge=1, lt=10)],
    Annotated[float, Meta(gt=0, le=1)],
    Annotated[int, Meta(multiple_of=3)],
    Annotated[int, Meta(ge=0)] | None,
    Annotated[str, Meta(pattern="^[a-c]+$", max_length=4)],
    Annotated[list[int], Meta(min_length=1, max_length=2)],
    Annotated[dict[str, int], Meta(max_length=1)],
    *(dict[int, str], dict[Colour, int], dict[Literal["a", "b"], int], dict[uuid.UUID, bool]),
    *(tuple[int, str], tuple[int, ...], set[int], frozenset[str], tuple[()]),
    *(uuid.UUID, datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
    *(Annotated[datetime.datetime, Meta(tz=False)], Annotated[datetime.time, Meta(tz=True)]),
    *(ipaddress.IPv4Address, ipaddress.IPv6Address, Slug, Country),
]
TIMES = st.datetimes(timezones=st.just(datetime.UTC))
FORMATS: dict[str, st.SearchStrategy[str]] = {
    "uuid": st.uuids().map(str),
    "date-time": TIMES.map(datetime.datetime.isoformat),
    "date-time-local": st.datetimes().map(datetime.datetime.isoformat),
    "duration": st.from_regex("P[0-9]{1,8}DT[0-9]{1,9}H[0-9]{1,9}M[0-9]{1,9}S", fullmatch=True),
    "date": st.dates().map(str),
    "time": TIMES.map(lambda moment: moment.timetz().isoformat()),
    "ipv4": st.ip_addresses(v=4).map(str),
    "ipv6": st.ip_addresses(v=6).map(str),
}
STRANGE = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1.0, 1.5, 7, 3e9),
        *("", "a", "red", "leaf", "1", "P1D", "PT", "eA==", "1.2.3.4", "12:00:00", "24:00:00"),
        *("2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00Z"),
        *([], [1], ["a", "a"], {}, {"a": 1}, {"1": "x"}),
        *({"type": "leaf"}, {"type": "cow", "size": 1}),
    ]
)


def documents(schema: dict[str, Any], named: dict[str, Any], depth: int = 4) -> Any:
    """Return a strategy for documents of a schema, as far as ours use it."""

    def inner(part: dict[str, Any]) -> Any:
        return documents(part, named, depth - 1)

    if "$ref" in schema:
        return st.deferred(lambda: inner(named[schema["$ref"].rpartition("/")[2]]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return st.one_of([inner(part) for part in schema[key]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    kinds = schema.get("type", ["null", "integer", "string"])
    makers = {
        "null": lambda: st.none(),
        "boolean": st.booleans,
        "integer": lambda: numbers(schema),
        "number": lambda: numbers(schema) | st.floats(0.1, 0.9),
        "string": lambda: texts(schema),
        "array": lambda: lists(schema, inner, depth),
        "object": lambda: objects(schema, inner, depth),
    }
    return st.one_of([makers[kind]() for kind in ([kinds] if isinstance(kinds, str) else kinds)])


def numbers(schema: dict[str, Any]) -> Any:
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -30))
    high = schema.get("maximum", schema.get("exclusiveMaximum", 30))
    return st.integers(-(-low // step), high // step).map(lambda n: n * step) | st.just(low * 1.0)


def texts(schema: dict[str, Any]) -> Any:
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength", 5))


def lists(schema: dict[str, Any], inner: Any, depth: int) -> Any:
    if "prefixItems" in schema:
        parts = schema["prefixItems"]
        sizes = st.integers(schema["minItems"], len(parts))
        return sizes.flatmap(lambda n: st.tuples(*map(inner, parts[:n]))).map(list)
    most = min(schema.get("maxItems", 3), 3 if depth > 0 else 0)
    least = schema.get("minItems", 0)
    return st.lists(inner(schema.get("items", {})), min_size=least, max_size=max(least, most))


def objects(schema: dict[str, Any], inner: Any, depth: int) -> Any:
    fields = {name: inner(part) for name, part in schema.get("properties", {}).items()}
    needed = {name: fields.pop(name) for name in schema.get("required", ())}
    fixed = st.fixed_dictionaries(needed, optional=fields)
    more = schema.get("additionalProperties", not fields and not needed)
    if more is False or "properties" in schema:
        return fixed
    keys = inner(schema.get("propertyNames", {"type": "string"}))
    values = inner(more if isinstance(more, dict) else {})
    return st.dictionaries(keys, values, max_size=schema.get("maxProperties", 2))


def broken(document: Any, strange: Any, chance: Any) -> Any:
    """Return a document with one place of it exchanged for something strange, or taken out."""
    if isinstance(document, dict) and document and chance.random() < 0.8:
        name = chance.choice(sorted(document))
        if chance.random() < 0.2:
            return {key: value for key, value in document.items() if key != name}
        return document | {name: broken(document[name], strange, chance)}
    if isinstance(document, list) and document and chance.random() < 0.8:
        at = chance.randrange(len(document))
        return [*document[:at], broken(document[at], strange, chance), *document[at + 1 :]]
    return strange


def is_taken(decode: Any, document: Any) -> bool:
    try:
        decode(msgspec.json.encode(document))
    except (InvalidError, MalformedError):
        return False
    return True


@functools.cache
def read(index: int) -> tuple[Any, Any, Any]:
    """Return of a type: a strategy for documents, what fits its schema, what is taken."""
    (schema,), named = json_schemas([TYPES[index]], mode="input", ref_template="#/$defs/{name}")
    whole = {**schema, "$defs": named}
    fits = jsonschema_rs.Draft202012Validator(whole, validate_formats=True).is_valid
    return documents(schema, named), fits, json_decoder(TYPES[index])


@pytest.mark.parametrize("index", range(len(TYPES)), ids=lambda index: str(TYPES[index]))
@settings(max_examples=settings.default.max_examples // 5)
@given(data=st.data(), strange=STRANGE, chance=st.randoms(use_true_random=False))
def test_what_fits_the_schema_is_taken_and_what_is_taken_fits(index, data, strange, chance):
    given, fits, decode = read(index)

    document = data.draw(given.filter(fits))
    for sent in (document, broken(document, strange, chance)):
        assert is_taken(decode, sent) == fits(sent), sent


def test_a_decimal_is_promised_as_text_and_taken_as_a_number_too():
    (schema,), _ = json_schemas([decimal.Decimal], mode="input")

    assert schema["type"] == "string"
    assert json_decoder(decimal.Decimal)(b"1.50") == decimal.Decimal("1.50")
