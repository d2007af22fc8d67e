"""Models as a module of Python, written of what a database has.

`write_models(found)` returns its text: typed, laid out as formatters do it, and without difference
to the database it came from.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, UniqueConstraint

from gambrel.db.inspection.columns import Columns, ordered
from gambrel.db.inspection.imports import Imports
from gambrel.db.inspection.kinds import Kind, Kinds
from gambrel.db.inspection.layout import MUTABLE, call, mapping, quoted, tuple_of
from gambrel.db.inspection.naming import attribute_name
from gambrel.db.inspection.plan import Plan, Planned, Relation, plan_of
from gambrel.db.inspection.reading import Found
from gambrel.db.inspection.relations import add_relations
from gambrel.db.models import WORD

__all__ = ["WIDTH", "write_models"]

WIDTH = 100
_ORM, _SQL = "sqlalchemy.orm", "sqlalchemy"
_VIEW = "A view, to be read. It has no key: all of its columns together are taken for one."


def write_models(found: Found, *, width: int = WIDTH, title: str = "") -> str:
    """Return the module that declares the models of what was found; lines have a `width`."""
    plan = plan_of(found)
    add_relations(plan)
    return Writer(plan, width).module(title or "Models, written by `gambrel db inspect`.")


class Writer:
    """Writes the parts of a module, and notes what it imports."""

    def __init__(self, plan: Plan, width: int) -> None:
        self.plan = plan
        self.width = width
        self.imports = Imports(plan.names)
        is_ours = plan.convention.is_ours
        kinds = Kinds(plan.dialect, self.imports, plan.enums, is_ours=is_ours)
        self.kinds = kinds
        self.columns = Columns(kinds, self.imports, plan.convention)
        self.base = "Model" if is_ours else "Base"
        self.written: set[str] = set()

    def module(self, title: str) -> str:
        """Return the whole text."""
        parts = [*self.bases(), *map(self.enum, self.plan.enums.items())]
        parts += [self.link(name, table) for name, table in self.plan.links.items()]
        parts += [self.cls(planned) for planned in self.plan.classes]
        head = [f'"""{title}"""', "", *self.imports.render(self.width)]
        text = "\n\n\n".join("\n".join(lines) for lines in (head, *filter(None, parts)))
        lines = text.replace("\n\n\nNAMES", "\n\nNAMES", 1).split("\n")
        allowed = "  # noqa: E501"
        return "".join(
            f"{one}{allowed * (len(one.removesuffix(MUTABLE)) > self.width)}\n" for one in lines
        )

    def bases(self) -> Iterator[list[str]]:
        """Yield the classes that models are made from."""
        model = self.imports.name("gambrel.db", "Model")
        if self.base == "Base":
            metadata = self.imports.name(_SQL, "MetaData")
            convention = self.plan.convention
            rules = [f"    {quoted(k)}: {quoted(v)}," for k, v in convention.rules.items()]
            given = "" if convention.is_usual else "naming_convention=NAMES"
            if given:
                yield ["NAMES = {", *rules, "}"]
            yield [
                f"class {self.base}({model}):",
                '    """What these models are made from; names are as in their database."""',
                "",
                "    __abstract__ = True",
                f"    metadata = {metadata}({given})",
            ]
        if any(planned.is_view for planned in self.plan.classes):
            metadata = self.imports.name(_SQL, "MetaData")
            yield [
                f"class View({model}):",
                '    """What views are made from: no table is made of them, and none compared."""',
                "",
                "    __abstract__ = True",
                f"    metadata = {metadata}()",
            ]

    def enum(self, entry: tuple[Any, str]) -> list[str]:
        """Return an enumeration."""
        (_, _, values), name = entry
        module = self.imports.module("enum")
        lines, taken = [f"class {name}({module}.Enum):"], {"MRO"}
        for value in values:
            member = attribute_name(value, {one.lower() for one in taken}).upper()
            taken.add(member)
            lines.append(f"    {member} = {quoted(value)}")
        return lines

    def link(self, name: str, table: Table) -> list[str]:
        """Return a table of pairs."""
        cls = self.imports.name(_SQL, "Table")
        column = self.imports.name(_SQL, "Column")
        lines = [f"    {quoted(table.name)},", f"    {self.base}.metadata,"]
        for one in table.columns:
            given = self.columns.arguments(one, self.kinds.kind(one.type))
            lines += with_comma(call(column, given, self.width - 1))
        for head, given in self.columns.constraints(table):
            lines += with_comma(call(head, given, self.width - 1))
        if table.schema:
            lines.append(f"    schema={quoted(table.schema)},")
        if table.comment:
            lines.append(f"    comment={quoted(table.comment)},")
        return [f"{name} = {cls}(", *lines, ")"]

    def cls(self, planned: Planned) -> list[str]:
        """Return a class."""
        table = planned.table
        body = [self.docstring(planned), self.head(planned)]
        body += [list(itertools.chain(*(self.column(planned, one) for one in table.columns)))]
        body += [list(itertools.chain(*map(self.relation, planned.relations)))]
        self.written.add(planned.name)
        base = "View" if planned.is_view else self.base
        lines = [f"class {planned.name}({base}):"]
        for number, part in enumerate(filter(None, body)):
            lines += [*([""] if number else []), *part]
        return lines

    def docstring(self, planned: Planned) -> list[str]:
        """Return what a class says of itself: what the database says of its table."""
        text = _VIEW if planned.is_view else ""
        if planned.table.comment and '"' not in planned.table.comment:
            text = " ".join(planned.table.comment.replace("\\", "/").split())
        is_told = text.isprintable() and 0 < len(text) <= self.width - 10
        return [f'    """{text}"""'] if is_told else []

    def head(self, planned: Planned) -> list[str]:
        """Return what is said of a table as a whole."""
        table, lines = planned.table, []
        if WORD.sub("_", planned.name).lower() != table.name:
            lines.append(f"    __tablename__ = {quoted(table.name)}")
        if not planned.is_view and not len(table.primary_key.columns):
            names = [quoted(name) for name in self.row_key(planned)]
            lines += mapping("__mapper_args__", "primary_key", names, self.width)
        items = []
        if not planned.is_view:
            given = self.columns.constraints(table)
            items = [call(head, one, self.width - 1, 8) for head, one in given]
        named = [f"{quoted('schema')}: {quoted(table.schema)}"] if table.schema else []
        if table.comment and not planned.is_view:
            named.append(f"{quoted('comment')}: {quoted(table.comment)}")
        if named:
            items.append([f"        {{{', '.join(named)}}}"])
        return [*lines, *(tuple_of("__table_args__", items, self.width) if items else [])]

    def row_key(self, planned: Planned) -> list[str]:
        """Return the attributes that tell the rows of a table apart that has no key."""
        columns = [*planned.table.columns]
        for one in (*ordered(planned.table.constraints), *ordered(planned.table.indexes)):
            is_unique = isinstance(one, UniqueConstraint) or getattr(one, "unique", False)
            if is_unique and len(one.columns) and not any(each.nullable for each in one.columns):
                columns = [*one.columns]
                break
        names = [
            planned.attribute(one) for one in columns if self.is_key(self.kinds.kind(one.type))
        ]
        return names or [planned.attribute(one) for one in columns]

    def is_key(self, kind: Kind) -> bool:
        """Say whether values of a type can tell rows apart: not those that hold others."""
        return not kind.is_any and "[" not in kind.annotation

    def column(self, planned: Planned, column: Any) -> list[str]:
        """Return the lines of a column."""
        attribute, kind = planned.attribute(column), self.kinds.kind(column.type)
        if planned.is_view:
            given = [] if attribute == column.name else [quoted(column.name)]
            given += [kind.expression] if kind.expression else []
            given += ["primary_key=True"] if self.is_key(kind) else []
            is_null = True
        else:
            given = self.columns.arguments(column, kind, attribute)
            is_null = bool(column.nullable) and not column.primary_key
        mapped = self.imports.name(_ORM, "Mapped")
        written = self.columns.annotation(column, kind, is_null=is_null)
        head = f"{attribute}: {mapped}[{written}]"
        if not given:
            return [f"    {head}"]
        return call(f"{head} = {self.imports.name(_ORM, 'mapped_column')}", given, self.width)

    def relation(self, relation: Relation) -> list[str]:
        """Return the lines of what leads to other rows."""
        mapped = self.imports.name(_ORM, "Mapped")
        known = relation.target in self.written
        target = relation.target if known else quoted(relation.target)
        if relation.is_many:
            target = f"list[{target}]"
        elif relation.is_optional:
            target = f"{target} | None" if known else quoted(f"{relation.target} | None")
        made = self.imports.name(_ORM, "relationship")
        given = [f"{name}={value}" for name, value in relation.options.items()]
        return call(f"{relation.name}: {mapped}[{target}] = {made}", given, self.width)


def with_comma(lines: list[str]) -> list[str]:
    """Return an item of a list that has more."""
    return [*lines[:-1], f"{lines[-1]},"]
