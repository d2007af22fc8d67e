"""How code is laid out: calls on one line, on two, or with a line for each argument.

As formatters of Python do it, so that what is written needs none.
"""

import re
from collections.abc import Iterable

__all__ = ["call", "quoted", "sql_text", "tuple_of"]

_BOUND = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")  # as SQLAlchemy finds the names of values


def call(head: str, arguments: Iterable[str], width: int, indent: int = 4) -> list[str]:
    """Return the lines of a call, `head(arguments)`; a line may be longer only if it has to."""
    given, space = [*arguments], " " * indent
    line = f"{space}{head}({', '.join(given)})"
    if len(line) <= width:
        return [line]
    inner = f"{space}    {', '.join(given)}"
    body = [inner] if len(inner) <= width else [f"{space}    {one}," for one in given]
    return [f"{space}{head}(", *body, f"{space})"]


def tuple_of(name: str, items: list[list[str]], width: int, indent: int = 4) -> list[str]:
    """Return the lines of a tuple; each item is lines that are indented already, once more."""
    space = " " * indent
    if all(len(item) == 1 for item in items):
        comma = "," * (len(items) == 1)
        line = f"{space}{name} = ({', '.join(item[0].strip() for item in items)}{comma})"
        if len(line) <= width:
            return [line]
    body = [line for item in items for line in (*item[:-1], f"{item[-1]},")]
    return [f"{space}{name} = (", *body, f"{space})"]


def quoted(text: str) -> str:
    """Return a text as it is written in Python, in double quotes where that is shorter."""
    escaped = text.replace("\\", "\\\\")
    plain = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in escaped
    )
    if plain.count('"') > plain.count("'"):
        return "'" + plain.replace("'", "\\'") + "'"
    return '"' + plain.replace('"', '\\"') + '"'


def sql_text(text: str) -> str:
    """Return SQL as it is written for SQLAlchemy, to which `:name` would mean a value."""
    return quoted(_BOUND.sub(r"\\:\1", str(text)))
