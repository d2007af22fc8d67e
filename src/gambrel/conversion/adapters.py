"""Types that msgspec does not know itself: Pydantic models and types with a `Codec`.

`convert.py`, `faults.py` and `projection.py` call here. Pydantic is never imported: a model
brings its own validator and serializer with it.
"""

import ipaddress
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gambrel.conversion.errors import GambrelError
from gambrel.conversion.shape import Codec, Codecs, find_codec

__all__ = [
    "STANDARD_CODECS",
    "decode_hook",
    "encode_hook",
    "find_codec",
    "is_pydantic",
    "model_faults",
    "validate_model",
]

Problem = tuple[tuple[str | int, ...], str, str]


def _text(make: Callable[[str], Any], form: str) -> Codec:
    def decode(value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("must be a string")
        return make(value)

    return Codec(str, decode, {"type": "string", "format": form})


STANDARD_CODECS: Codecs = {
    ipaddress.IPv4Address: _text(ipaddress.IPv4Address, "ipv4"),
    ipaddress.IPv6Address: _text(ipaddress.IPv6Address, "ipv6"),
    pathlib.PurePath: Codec(str, None, {"type": "string"}),
}


def is_pydantic(target: Any) -> bool:
    """Whether a class is a Pydantic model."""
    return isinstance(target, type) and hasattr(target, "__pydantic_validator__")


def decode_hook(codecs: Codecs) -> Callable[[type, Any], Any]:
    """Return the function msgspec calls for a type it does not know."""

    def decode(target: type, value: Any) -> Any:
        if target is object:
            return value
        codec = find_codec(target, codecs)
        if codec is not None and codec.decode is not None:
            return codec.decode(value)
        if is_pydantic(target):
            return validate_model(target, value)
        raise NotImplementedError(target)

    return decode


def encode_hook(codecs: Codecs) -> Callable[[Any], Any]:
    """Return the function msgspec calls for a value it does not know."""

    def encode(value: Any) -> Any:
        codec = find_codec(type(value), codecs)
        if codec is not None:
            return codec.encode(value)
        if is_pydantic(type(value)):
            return value.__pydantic_serializer__.to_python(value, mode="json", by_alias=True)
        if isinstance(value, Mapping):
            return dict(value)
        name = type(value).__qualname__
        if name == "coroutine":
            value.close()  # told here, and not once more as a warning
            called = value.__qualname__.rpartition("<locals>.")[2]
            what = f"the coroutine of {called}() is within an answer, not its result"
            hint = f"write `await {called}(...)`"
            raise GambrelError("binding.forgotten-await", what, "", hint)
        hint = f"return a standard type, or give {name} a `__codec__`"
        what = f"a value of type {name} cannot be encoded"
        raise GambrelError("binding.unsupported-value", what, "", hint)

    return encode


def validate_model(model: Any, value: Any) -> Any:
    """Return a Pydantic model from plain data.

    The data goes in as JSON, because Pydantic is more lenient with Python values and in its
    strict mode refuses the strings that dates and UUIDs are in JSON. Raises ValueError.
    """
    return model.__pydantic_validator__.validate_json(msgspec.json.encode(value))


def model_faults(error: Any) -> list[Problem]:
    """Return the path, code and message of each error in a Pydantic ValidationError."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        (tuple(e["loc"]), _code_of(e["type"]), e["msg"][:1].lower() + e["msg"][1:]) for e in found
    ]


_CODES: dict[str, str] = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_pattern_mismatch": "pattern",
    "literal_error": "enum",
    "enum": "enum",
    "value_error": "custom",
    "assertion_error": "custom",
    "multiple_of": "range",
    "finite_number": "range",
}


def _code_of(kind: str) -> str:
    """Return our code for a kind of Pydantic error."""
    if kind in _CODES:
        return _CODES[kind]
    if kind.startswith("union_"):
        return "union"
    if kind.startswith(("greater_", "less_")):
        return "range"
    if kind.endswith(("_too_short", "_too_long")):
        return "length"
    if kind.endswith("_type") or kind.startswith(("int_", "float_", "bool_")):
        return "type"
    return "format" if kind.endswith("_parsing") or kind.startswith("url_") else "custom"
