"""Scalars and lists of scalars from text: path, query, header, cookie and form values.

The grammar is JSON's, not Python's: no blanks, plus signs, underscores, leading zeros, `nan`,
infinities or digits of other scripts. Converters are compiled at start-up from a `Shape`.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from gambrel.conversion.errors import ConversionError
from gambrel.conversion.shape import (
    ABSENT,
    EXPECTED,
    Codecs,
    Rule,
    Shape,
    read_shape,
    unsupported,
)

__all__ = [
    "ConversionError",
    "scalar_converter",
    "text_converter",
    "texts_converter",
    "to_bool",
    "to_decimal",
    "to_float",
    "to_int",
    "value_checker",
]

Converter = Callable[[Any], Any]

# As many as a number in JSON may have, and Python reads at once.
MAX_DIGITS = 4_300
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,63})(?:\.[0-9]{1,64})?(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "on", "yes"), True),
    **dict.fromkeys(("false", "0", "off", "no"), False),
}


def to_int(text: str) -> int:
    """Return a whole number in the grammar of JSON, `-?(0|[1-9][0-9]*)`, so `010` is refused.

    Raises:
        ConversionError: The text is anything else.
    """
    try:  # measured: the number `int` reads, where `str` writes it the same
        if str(value := int(text)) == text:
            return value
    except ValueError:
        if len(text) > MAX_DIGITS and text.removeprefix("-").isdecimal():
            raise ConversionError("range", f"must have at most {MAX_DIGITS} digits") from None
    raise ConversionError("type", "must be a whole number")


def to_float(text: str) -> float:
    """Return a finite number in the grammar of JSON (RFC 8259 §6).

    Raises:
        ConversionError: The text is anything else, `nan` and `inf` included.
    """
    if _NUMBER.fullmatch(text) is None:
        raise ConversionError("type", "must be a number")
    value = float(text)
    if math.isinf(value):
        raise ConversionError("range", "must be a number of ordinary size")
    return value


def to_bool(text: str) -> bool:
    """Return True for `true`, `1`, `on`, `yes` and False for their opposites, in any case.

    Raises:
        ConversionError: The text is anything else.
    """
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ConversionError("type", "must be true or false")
    return value


def to_decimal(text: str) -> Decimal:
    """Return a decimal number in the grammar of JSON.

    Raises:
        ConversionError: The text is anything else.
    """
    if _NUMBER.fullmatch(text) is None:
        raise ConversionError("format", "must be a decimal number")
    return Decimal(text)


def text_converter(annotation: Any, codecs: Codecs | None = None) -> Converter:
    """Return the function that makes a scalar of type `annotation` from text.

    `T | None` converts like `T`; None is for the caller, when the value is absent.

    Raises:
        GambrelError: The annotation is not a scalar, or cannot be bound at all.
    """
    return scalar_converter(read_shape(annotation, codecs))


def value_checker(annotation: Any, codecs: Codecs | None = None) -> Callable[[Any], Any]:
    """Return the function that gives back a value, converted already, if its type's rules hold.

    It raises ConversionError where they do not.

    Raises:
        GambrelError: The annotation cannot be bound.
    """
    return _checked(lambda value: value, read_shape(annotation, codecs).rules(native=True))


def texts_converter(
    annotation: Any, codecs: Codecs | None = None
) -> Callable[[Sequence[str]], Any]:
    """Return the function that makes a list, set or tuple of scalars from several texts.

    Its ConversionError names the item in `index`.

    Raises:
        GambrelError: The annotation is not a collection of scalars.
    """
    return collection_converter(read_shape(annotation, codecs))


def scalar_converter(shape: Shape) -> Converter:
    """Return the converter of a shape; see `text_converter`."""
    make = _first_that_fits if shape.kind == "union" else _converter_of
    return _checked(make(shape), shape.rules(native=True))


def collection_converter(shape: Shape) -> Callable[[Sequence[str]], Any]:
    """Return the converter of a collection's shape; see `texts_converter`."""
    if shape.kind == "union":
        members = [item for item in shape.items if item.kind not in ABSENT]
        if len(members) == 1:
            return collection_converter(members[0])
    if shape.kind == "tuple":
        return _fixed_tuple([scalar_converter(item) for item in shape.items])
    make = _COLLECTIONS.get(shape.kind)
    if make is None:
        raise unsupported(shape.annotation, "use list[T], set[T] or tuple[T, ...] of a scalar")
    convert_item = scalar_converter(shape.items[0])
    rules = shape.rules(native=True)
    return _checked(lambda texts: make(_each([(convert_item, text) for text in texts])), rules)


_COLLECTIONS: dict[str, Any] = {"list": list, "set": set, "frozenset": frozenset, "vartuple": tuple}


def _fixed_tuple(converters: list[Converter]) -> Callable[[Sequence[str]], Any]:
    def convert(texts: Sequence[str]) -> Any:
        if len(texts) != len(converters):
            raise ConversionError("length", f"must have exactly {len(converters)} items")
        return tuple(_each(zip(converters, texts, strict=True)))

    return convert


def _each(pairs: Iterable[tuple[Converter, str]]) -> list[Any]:
    values = []
    for index, (convert, text) in enumerate(pairs):
        try:
            values.append(convert(text))
        except ConversionError as error:
            raise ConversionError(error.code, error.message, index) from None
    return values


def _checked(convert: Converter, rules: tuple[Rule, ...]) -> Converter:
    return (lambda text: _check(convert(text), rules)) if rules else convert


def _check(value: Any, rules: tuple[Rule, ...]) -> Any:
    for rule in rules:
        if not rule.accepts(value):
            raise ConversionError(rule.code, rule.message)
    return value


def _first_that_fits(shape: Shape) -> Converter:
    # text fits `str` always, so it is tried last
    members = sorted(shape.items, key=lambda member: member.kind == "str")
    converters = [scalar_converter(member) for member in members if member.kind not in ABSENT]
    if len(converters) == 1:
        return converters[0]

    def convert_any(text: str) -> Any:
        for converter in converters:
            try:
                return converter(text)
            except ConversionError:
                continue
        raise ConversionError("union", "has none of the accepted types")

    return convert_any


def _converter_of(shape: Shape) -> Converter:
    if shape.kind in _DIRECT:
        return _DIRECT[shape.kind]
    if shape.kind in _FORMATS:
        return _told(partial(msgspec.convert, type=shape.cls), "format", EXPECTED[shape.kind])
    if shape.kind == "enum":
        return _by_table({str(member.value): member for member in shape.cls})
    if shape.kind == "literal":
        return _by_table({str(value): value for value in shape.cls if value is not None})
    if shape.codec and shape.codec.decode:
        return _told(shape.codec.decode, "format", "has the wrong form")
    raise unsupported(
        shape.annotation,
        "a value from the URL, a header or a cookie is a scalar or a list of scalars; "
        "say Annotated[T, Body()] to read it from the body",
    )


_DIRECT: dict[str, Converter] = {
    "int": to_int,
    "float": to_float,
    "bool": to_bool,
    "decimal": to_decimal,
    "str": lambda text: text,
    "any": lambda text: text,
}
_FORMATS = {"uuid", "datetime", "date", "time", "timedelta", "bytes"}


def _by_table(table: dict[str, Any]) -> Converter:
    return _told(table.__getitem__, "enum", f"must be one of {', '.join(table)}")


def _told(convert: Converter, code: str, message: str) -> Converter:
    """Return a converter whose failure is told in our words."""

    def convert_or_tell(text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, TypeError, KeyError, msgspec.ValidationError):
            raise ConversionError(code, message) from None

    return convert_or_tell
