"""Pictures of tables and of what refers to what, as text: for Mermaid and for Graphviz."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table
from sqlalchemy.exc import CompileError

__all__ = ["to_dot", "to_mermaid"]

_WORD = re.compile(r"\W+")


def to_mermaid(tables: Iterable[Table]) -> str:
    """Return an entity-relationship diagram in the language of Mermaid."""
    lines = ["erDiagram"]
    for table in tables:
        lines.append(f"    {word(table.key)} {{")
        lines += [f"        {mermaid_column(column)}" for column in table.columns]
        lines.append("    }")
        for key in keys_of(table):
            there = "o|" if any(column.nullable for column in key.columns) else "||"
            label = ", ".join(key.column_keys)
            other = word(key.referred_table.key)
            lines.append(f'    {other} {there}--{at_most(key)} {word(table.key)} : "{label}"')
    return "\n".join(lines) + "\n"


def mermaid_column(column: Column[Any]) -> str:
    """Return a column: its type, its name, and which keys it is in."""
    marks = ["PK"] * bool(column.primary_key) + ["FK"] * bool(column.foreign_keys)
    marks += ["UK"] * bool(column.unique)
    return f"{word(type_of(column))} {word(column.name)} {', '.join(marks)}".rstrip()


def to_dot(tables: Iterable[Table]) -> str:
    """Return a graph in the language of Graphviz."""
    lines = ["digraph models {", "  rankdir=LR;", '  node [shape=record, fontname="sans-serif"];']
    ordered = [*tables]
    for table in ordered:
        rows = "".join(f"{escaped(c.name)} : {escaped(type_of(c))}\\l" for c in table.columns)
        lines.append(f'  "{escaped(table.key)}" [label="{{{escaped(table.key)}|{rows}}}"];')
    for table in ordered:
        for key in keys_of(table):
            label = escaped(", ".join(key.column_keys))
            other = escaped(key.referred_table.key)
            lines.append(f'  "{escaped(table.key)}" -> "{other}" [label="{label}"];')
    return "\n".join([*lines, "}"]) + "\n"


def keys_of(table: Table) -> Iterator[ForeignKeyConstraint]:
    """Yield the foreign keys of a table, in an order that is the same each time."""
    yield from sorted(table.foreign_key_constraints, key=lambda key: [*key.column_keys])


def at_most(key: ForeignKeyConstraint) -> str:
    """Return how many rows may have a foreign key, as Mermaid draws it."""
    columns = {*key.columns}
    is_one = columns == {*key.table.primary_key.columns} or any(c.unique for c in columns)
    return "o|" if is_one and len(columns) == len(key.columns) else "o{"


def type_of(column: Column[Any]) -> str:
    """Return the type of a column as SQL has it."""
    try:
        return str(column.type)
    except CompileError:
        return type(column.type).__name__


def word(text: str) -> str:
    """Return a text as one word, which is all that Mermaid takes."""
    return _WORD.sub("_", text).strip("_") or "_"


def escaped(text: str) -> str:
    """Return a text for a label of Graphviz, where some signs draw boxes."""
    return re.sub(r'([{}|<>"\\])', r"\\\1", text)
