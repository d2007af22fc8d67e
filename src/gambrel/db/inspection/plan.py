"""What is written of a database: which class is a table's, which attribute a column's.

`relations.py` adds what leads from one class to another, `writing.py` writes it down.
"""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field
from sqlalchemy import ForeignKeyConstraint, Table, types

from gambrel.db.inspection.conventions import Convention, convention_of
from gambrel.db.inspection.kinds import key_of
from gambrel.db.inspection.naming import (
    attribute_name,
    camel_case,
    class_name,
    singular,
    snake_case,
)
from gambrel.db.inspection.reading import Found

__all__ = ["Plan", "Planned", "Relation", "plan_of"]


class Relation(Struct):
    """An attribute that leads to rows of another class; `options` as they are written."""

    name: str
    target: str
    is_many: bool = False
    is_optional: bool = False
    options: dict[str, str] = field(default_factory=dict)


class Planned(Struct):
    """A class to be written: its table, its name, its attributes by the names of columns."""

    table: Table
    name: str
    attributes: dict[str, str]
    relations: list[Relation] = field(default_factory=list)
    is_view: bool = False

    @property
    def one(self) -> str:
        """What a row is called: `order_detail`."""
        return singular(snake_case(self.table.name)) or "row"

    @property
    def taken(self) -> set[str]:
        """The names of all attributes."""
        return {*self.attributes.values(), *(one.name for one in self.relations)}

    def attribute(self, column: Any) -> str:
        """Return the attribute of a column."""
        return self.attributes[column.name]


class Plan(Struct):
    """All that is to be written; `links` are tables between two others, by their variables."""

    classes: list[Planned]
    links: dict[str, Table]
    enums: dict[Any, str]
    convention: Convention
    dialect: Any
    keys: dict[str, Planned] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """All names that the module itself gives, at its top or in the body of a class."""
        attributes = {name for planned in self.classes for name in planned.taken}
        return {*attributes, *self.links, *self.enums.values(), *(one.name for one in self.classes)}


def plan_of(found: Found) -> Plan:
    """Return what is to be written of what was found."""
    links = {table.key for table in found.tables if is_link(table, found.tables)}
    names = {"Base", "Model", "View"}
    classes = []
    for table in [*found.tables, *found.views]:
        if table.key in links:
            continue
        name = class_name(table.name, names, table.schema or "")
        names.add(name)
        attributes: dict[str, str] = {}
        for column in table.columns:
            attributes[column.name] = attribute_name(column.name, {*attributes.values()})
        classes.append(Planned(table, name, attributes, is_view=table in found.views))
    named: dict[str, Table] = {}
    for table in found.tables:
        if table.key in links:
            named[attribute_name(table.name, named)] = table
    plan = Plan(
        classes,
        named,
        enums_of([*found.tables, *found.views], names),
        convention_of(found.tables, found.dialect.name),
        found.dialect,
    )
    plan.keys = {one.table.key: one for one in classes}
    return plan


def is_link(table: Table, tables: Iterable[Table]) -> bool:
    """Say whether a table is nothing but pairs of rows of two others."""
    keys = sorted(table.foreign_key_constraints, key=lambda one: [*one.column_keys])
    if len(keys) != 2:
        return False
    first, second = keys
    columns = [*first.columns, *second.columns]
    whole = len(columns) == len({*columns}) == len(table.columns) == len(table.primary_key.columns)
    apart = first.referred_table is not second.referred_table
    return whole and apart and not any(leads_to(other, table) for other in tables)


def leads_to(table: Table, other: Table) -> bool:
    """Say whether a table refers to another."""
    return any(key.referred_table is other for key in foreign_keys(table))


def foreign_keys(table: Table) -> list[ForeignKeyConstraint]:
    """Return the foreign keys of a table, in the order of its columns."""
    order = {column.name: at for at, column in enumerate(table.columns)}
    found = table.foreign_key_constraints
    return sorted(found, key=lambda key: [order[column.name] for column in key.columns])


def enums_of(tables: Iterable[Table], taken: set[str]) -> dict[Any, str]:
    """Return the classes of enumerations: by their names, else by those of their columns."""
    found: dict[Any, str] = {}
    for table in tables:
        for column in table.columns:
            kind = getattr(column.type, "item_type", column.type)
            if not (isinstance(kind, types.Enum) and kind.enums) or key_of(kind) in found:
                continue
            name = camel_case(snake_case(kind.name or f"{singular(table.name)}_{column.name}"))
            if name in taken:
                name = f"{name}Kind"
            while name in taken:
                name += "_"
            taken.add(name)
            found[key_of(kind)] = name
    return found
