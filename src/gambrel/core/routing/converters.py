"""Converters: a path segment's text to a value and back, `{id:int}` or `{kind:any(a,b)}`.

A converter constrains routing: text it refuses is no match. Patterns look them up by name in the
table of their router; there is no process-wide registry.
"""

import datetime
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gambrel.core.http.errors import GambrelError
from gambrel.core.routing.regex import compile_segment

V = TypeVar("V")

PLAIN = 100
"""The rank of a parameter without a converter: after every converter."""


@dataclass(frozen=True, eq=False)
class Converter:
    """A pair of functions: `parse` (text → value) and `format` (value → text).

    `parse` raises ValueError for text it does not take; `format` raises ValueError or TypeError
    for a value it cannot write. `schema` describes the text as JSON Schema. Of two routes with
    the same literals the one with the lower `rank` is tried first.
    """

    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    rank: int = 40
    many: bool = False
    """Whether it takes several segments (only `path` does)."""

    def accepts(self, text: str) -> bool:
        """Return whether `text` is one this converter parses."""
        try:
            self.parse(text)
        except ValueError:
            return False
        return True


Converters = Mapping[str, Converter | Callable[[str], Converter]]
"""Converters by name; a function makes one from the text in brackets (`any(a,b)`)."""


def refuse(text: str) -> Any:
    """Raise the ValueError that says: this text is no match."""
    raise ValueError(text)


def parse_int(text: str) -> int:
    """Return a whole number of at most 64 bits, written in ASCII digits without a sign."""
    # int() alone takes "+1", " 1 ", "1_000" and other scripts' digits, and a database no more.
    if len(text) > 19 or not (text.isascii() and text.isdigit()):
        refuse(text)
    value = int(text)
    return value if value < 1 << 63 else refuse(text)


_FLOAT = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SLUG = re.compile(r"[a-zA-Z0-9_-]{1,255}")


def matching(expression: re.Pattern[str], make: Callable[[str], V]) -> Callable[[str], V]:
    """Return a `parse` that takes what `expression` matches from end to end."""
    matches = expression.fullmatch

    def parse(text: str) -> V:
        return make(text) if matches(text) else refuse(text)

    return parse


def format_int(value: Any) -> str:
    """Write a whole number, or text that is one."""
    if isinstance(value, bool):
        raise TypeError("a bool is not an int")
    return str(parse_int(str(value)))


def format_float(value: Any) -> str:
    """Write a number without an exponent."""
    text = format(float(value), ".15f").rstrip("0").rstrip(".")
    return text if _FLOAT.fullmatch(text) else refuse(text)


def format_checked(parse: Callable[[str], Any]) -> Callable[[Any], str]:
    """Return a `format` that writes `str(value)` where `parse` takes it back."""

    def format_value(value: Any) -> str:
        text = str(getattr(value, "value", value))
        parse(text)
        return text

    return format_value


def choice(argument: str) -> Converter:
    """Make the converter of `any(a,b,c)`: one of a few words."""
    words = tuple(word.strip() for word in argument.split(","))
    if not all(words):
        raise GambrelError(
            "routing.pattern", f"any({argument}) has an empty word", hint="write any(a,b)"
        )
    taken = frozenset(words)

    def parse(text: str) -> str:
        return text if text in taken else refuse(text)

    schema = {"type": "string", "enum": list(words)}
    return Converter(parse, format_checked(parse), schema, rank=10)


def expression(argument: str) -> Converter:
    """Make the converter of `re(...)`: one segment that matches from end to end."""
    compiled = compile_segment(argument)
    parse = matching(compiled, str)
    schema = {"type": "string", "pattern": f"^(?:{argument})$"}
    return Converter(parse, format_checked(parse), schema, rank=30)


def checked(parse: Callable[[str], Any], schema: Mapping[str, Any], rank: int) -> Converter:
    """Make a converter that formats with `str` and refuses what it would not parse."""
    return Converter(parse, format_checked(parse), schema, rank)


BUILT_IN: Converters = {
    "str": Converter(str, rank=PLAIN),
    "path": Converter(str, many=True),
    "int": Converter(parse_int, format_int, {"type": "integer", "minimum": 0}, rank=20),
    "float": Converter(matching(_FLOAT, float), format_float, {"type": "number"}, rank=21),
    "uuid": checked(matching(_UUID, uuid.UUID), {"type": "string", "format": "uuid"}, 20),
    "date": checked(
        matching(_DATE, datetime.date.fromisoformat), {"type": "string", "format": "date"}, 20
    ),
    "slug": checked(matching(_SLUG, str), {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$"}, 50),
    "any": choice,
    "re": expression,
}
