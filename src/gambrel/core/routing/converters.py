"""Converters: a path segment's text to a value and back, `{id:int}` or `{kind:any(a,b)}`.

A converter constrains routing: text it refuses is no match. Patterns look them up by name in the
table of their router; there is no process-wide registry.
"""

import datetime
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

PLAIN = 100
"""The rank of a parameter without a converter: after every converter."""


class Converter(Struct, frozen=True, eq=False):
    """A pair of functions: `parse` (text → value) and `format` (value → text).

    `parse` raises ValueError for text it does not take; a text that `format` makes is parsed again
    before it is used. `schema` describes the text as JSON Schema. Of two routes with the same
    literals the one with the lower `rank` is tried first. `many` takes several segments. `makes` is
    the class of what `parse` returns: a parameter of another type is refused at start-up.
    """

    parse: Callable[[str], Any]
    format: Callable[[Any], str] = str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    rank: int = 40
    many: bool = False
    makes: type | None = None


Converters = Mapping[str, Converter | Callable[[str], Converter]]
"""Converters by name; a function makes one from the text in brackets, or raises ValueError."""


def parse_int(text: str) -> int:
    """Return a whole number of at most 63 bits, written in ASCII digits without a sign."""
    # int() alone takes "+1", " 1 ", "1_000" and other scripts' digits, and a database no more.
    value = int(text) if len(text) < 20 and text.isascii() and text.isdigit() else -1
    if not 0 <= value < 1 << 63:
        raise ValueError(text)
    return value


def matching(expression: str, make: Callable[[str], Any] = str) -> Callable[[str], Any]:
    """Return a `parse` that takes what `expression` matches from end to end."""
    matches: Callable[[str], object] | None = None  # compiled when first used: few apps use all

    def parse(text: str) -> Any:
        nonlocal matches
        if matches is None:
            matches = re.compile(expression, re.ASCII | re.DOTALL).fullmatch
        if not matches(text):
            raise ValueError(text)
        return make(text)

    return parse


def any_of(argument: str) -> Converter:
    """Make the converter of `any(a,b,c)`: one of a few words."""
    words = [word for part in argument.split(",") if (word := part.strip())]
    expression = "|".join(map(re.escape, words))
    return Converter(matching(expression), schema={"type": "string", "enum": words}, rank=10)


# What `re(...)` may be: characters and classes, repeated or not, and choices of these. No groups,
# so that nothing repeats inside a repetition.
_ITEM = r"(?:\\[^0-9bBAZ]|\[\^?\]?(?:\\.|[^\]\\])+\]|[^][\\(){}*+?|^$/])"
_REPEAT = r"(?:[*+?]|\{\d+(?:,\d*)?\})"
_SAFE = rf"(?:{_ITEM}{_REPEAT}?|\|)+"


def expression_of(argument: str) -> Converter:
    """Make the converter of `re(...)`, which matches one whole segment of at most 128 characters.

    Raises:
        ValueError: it has a group, an anchor, a "/", or more than three open repetitions, and so
            could take long on what a client sends (CWE-1333).
    """
    optional = len(re.findall(r"[*+?]|,\d*\}", argument))
    try:
        re.compile(argument)
        is_safe = re.fullmatch(_SAFE, argument) and optional <= 3
    except re.error:
        is_safe = False
    if not is_safe:
        raise ValueError("use classes and at most 3 of * + ? {m,n} without groups")
    schema = {"type": "string", "pattern": f"^(?:{argument})$"}
    return Converter(matching(rf"(?=.{{1,128}}\Z)(?:{argument})"), schema=schema, rank=30)


def format_float(value: Any) -> str:
    """Write a number without an exponent."""
    return format(float(value), ".15f").rstrip("0").rstrip(".")


def string(form: str) -> dict[str, str]:
    """Return the schema of text in a named format."""
    return {"type": "string", "format": form}


_HEX = "[0-9a-fA-F]"
_UUID = matching(rf"{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}", uuid.UUID)
_DATE = matching(r"\d{4}-\d{2}-\d{2}", datetime.date.fromisoformat)
_FLOAT = matching(r"-?\d{1,18}(\.\d{1,18})?", float)
_SLUG = "[a-zA-Z0-9_-]+"

BUILT_IN: Converters = {
    "str": Converter(str, rank=PLAIN),
    "path": Converter(str, many=True),
    "int": Converter(parse_int, schema={"type": "integer", "minimum": 0}, rank=20, makes=int),
    "float": Converter(_FLOAT, format_float, {"type": "number"}, rank=21, makes=float),
    "uuid": Converter(_UUID, schema=string("uuid"), rank=20, makes=uuid.UUID),
    "date": Converter(_DATE, schema=string("date"), rank=20, makes=datetime.date),
    "slug": Converter(matching(_SLUG), schema={"type": "string", "pattern": f"^{_SLUG}$"}, rank=50),
    "any": any_of,
    "re": expression_of,
}
