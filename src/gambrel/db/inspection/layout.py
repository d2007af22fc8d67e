"""How code is laid out: calls on one line, on two, or with a line for each argument.

As formatters of Python do it, so that what is written needs none.
"""

import ast
import re
from collections.abc import Iterable

__all__ = ["MUTABLE", "call", "mapping", "quoted", "requoted", "sql_text", "tuple_of"]

MUTABLE = "  # noqa: RUF012"
"""Behind what a class has that could be changed."""
_LITERAL = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
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


def mapping(name: str, key: str, items: list[str], width: int, indent: int = 4) -> list[str]:
    """Return the lines of a dict with a list in it, which checks of classes do not like."""
    space, given = " " * indent, ", ".join(items)
    line = f'{space}{name} = {{"{key}": [{given}]}}'
    if len(line) <= width:
        return [line + MUTABLE]
    inner = f'{space}    "{key}": [{given}],'
    body = [inner]
    if len(inner) > width:
        body = [f'{space}    "{key}": [', *(f"{space}        {one}," for one in items)]
        body += [f"{space}    ],"]
    return [f"{space}{name} = {{{MUTABLE}", *body, f"{space}}}"]


def quoted(text: str) -> str:
    """Return a text as it is written in Python, in double quotes where that is shorter."""
    escaped = text.replace("\\", "\\\\")
    plain = "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in escaped
    )
    if plain.count('"') > plain.count("'"):
        return "'" + plain.replace("'", "\\'") + "'"
    return '"' + plain.replace('"', '\\"') + '"'


def requoted(expression: str) -> str:
    """Return an expression, as `repr` gives it, with its texts as they are written here."""
    return _LITERAL.sub(lambda found: quoted(ast.literal_eval(found[0])), expression)


def sql_text(text: str) -> str:
    """Return SQL as it is written for SQLAlchemy, to which `:name` would mean a value."""
    return quoted(_BOUND.sub(r"\\:\1", str(text)))
