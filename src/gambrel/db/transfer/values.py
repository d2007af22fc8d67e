"""Values of columns as JSON, the same from every database: a number of money is a text, say.

`codec_of(column)` says how a column is read, written into a line of a dump, and taken from it.
"""

import base64
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import Column, Text, TypeDecorator, cast, type_coerce, types
from sqlalchemy.dialects import postgresql

__all__ = ["AsText", "Codec", "codec_of"]

_ZERO = datetime(1970, 1, 1)  # noqa: DTZ001 - only its time of day is used
_MICROSECOND = timedelta(microseconds=1)


class Codec(Struct, frozen=True):
    """How values of a column become JSON, and come back. `kind` names it in a dump."""

    kind: str
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]
    column: Any
    """What is selected."""
    type: Any
    """What the value is bound as."""


class AsText(TypeDecorator[str]):
    """A value of a type that has no JSON of its own: its text, which the database reads again."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: types.TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def bind_expression(self, bindparam: Any) -> Any:
        """Return the value as it is written: PostgreSQL has to be told what it is."""
        if isinstance(self.kind, types.String) or not is_of_postgresql(self.kind):
            return bindparam
        return cast(type_coerce(bindparam, Text), self.kind)


def codec_of(column: Column[Any]) -> Codec:
    """Return how the values of a column are written and read."""
    kind: Any = column.type
    if is_json(kind):
        plain = kind
        if isinstance(kind, types.JSON):
            plain = kind.copy()
            plain.none_as_null = True  # a null of JSON is told apart from no value
        return Codec("json", json_of, json_value, cast(column, Text), plain)
    if isinstance(kind, types.Enum):
        return Codec("str", str, str, cast(column, Text), kind)
    if isinstance(kind, postgresql.ARRAY):
        inner = codec_of(Column("item", kind.item_type))
        if inner.kind in _CODECS:
            name = f"list[{inner.kind}]"
            return Codec(name, each(inner.to_json), each(inner.from_json), column, kind)
    name = name_of(kind)
    if name in _CODECS:
        to_json, from_json = _CODECS[name]
        return Codec(name, to_json, from_json, column, kind)
    return Codec("text", str, str, cast(column, Text), AsText(kind))


def is_json(kind: Any) -> bool:
    """Say whether a column holds JSON."""
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    return isinstance(kind, types.JSON)


def is_of_postgresql(kind: Any) -> bool:
    """Say whether a type is one that PostgreSQL alone has."""
    return type(kind).__module__.startswith("sqlalchemy.dialects.postgresql") or not hasattr(
        types, type(kind).__name__
    )


def name_of(kind: Any) -> str:
    """Return the name of the type of values in Python."""
    try:
        return str(kind.python_type.__name__)
    except NotImplementedError:
        return ""


def each(call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return what does something for each of a list, and of lists in it."""

    def for_all(values: Any) -> Any:
        if isinstance(values, list | tuple):
            return [None if one is None else for_all(one) for one in values]
        return call(values)

    return for_all


def json_of(text: Any) -> list[msgspec.Raw]:
    """Return JSON in a list of one, so that its null is not taken for no value.

    Members go by their names: PostgreSQL keeps them in an order of its own.
    """
    found = text if isinstance(text, str | bytes) else msgspec.json.encode(text)
    return [msgspec.Raw(msgspec.json.encode(msgspec.json.decode(found), order="sorted"))]


def json_value(found: list[Any]) -> Any:
    """Return what is bound of JSON."""
    return types.JSON.NULL if found[0] is None else found[0]


def decimal_text(value: Any) -> str:
    """Return an exact number without zeros at its end, which databases differ in."""
    text = format(Decimal(value), "f")  # not `normalize`, which rounds to 28 places
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.removeprefix("-") if text == "-0" else text


def float_json(value: float) -> float | str:
    """Return a number, or the text of one that JSON has not."""
    return float(value) if math.isfinite(value) else str(float(value))


def moment_text(value: datetime) -> str:
    """Return a moment, in UTC where it has an offset."""
    return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()


def time_text(value: Any) -> str:
    """Return a time of day; some drivers give the time since midnight."""
    return ((_ZERO + value).time() if isinstance(value, timedelta) else value).isoformat()


def bytes_text(value: Any) -> str:
    """Return octets in base64."""
    return base64.b64encode(bytes(value)).decode()


_CODECS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "bool": (bool, bool),
    "bytes": (bytes_text, base64.b64decode),
    "date": (date.isoformat, date.fromisoformat),
    "datetime": (moment_text, datetime.fromisoformat),
    "Decimal": (decimal_text, Decimal),
    "float": (float_json, float),
    "int": (int, int),
    "str": (str, str),
    "time": (time_text, time.fromisoformat),
    "timedelta": (lambda value: value // _MICROSECOND, lambda n: timedelta(microseconds=n)),
    "UUID": (str, UUID),
}
