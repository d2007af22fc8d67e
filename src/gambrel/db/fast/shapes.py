"""Columns of a statement and fields of a struct: held against each other, and made of each other.

`statements.py` checks here when a statement is defined. Runs nothing.
"""

import difflib
import inspect
import typing
from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from operator import itemgetter
from typing import Any, Generic, TypeVar, get_args

import msgspec
import sqlalchemy
from sqlalchemy import JSON, Label, Select

from gambrel.core.http.errors import GambrelError
from gambrel.db.checks import fits, plain, python_type, spell

__all__ = ["Shape", "narrowed"]

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]
_NONE = type(None)


def narrowed(statement: Any, into: type[Any]) -> Any:
    """Return `select(Hero)` as a statement that asks for no more than a struct has."""
    raw = statement._raw_columns if isinstance(statement, Select) else ()  # noqa: SLF001 - SQLAlchemy 2.1's
    entities = [one._annotations["parententity"] for one in raw if is_entity(one)]  # noqa: SLF001 - the same
    if not entities:
        return statement
    if len(raw) > 1 or statement._distinct or statement._group_by_clauses:  # noqa: SLF001 - the same
        what = "a model is selected beside something else, or rows of it are brought together"
        raise GambrelError(
            "db.compiled", what, "", "name the columns: `select(Hero.id, Hero.name)`"
        )
    entity = entities[0].entity
    fields = msgspec.structs.fields(into)
    for field in fields:
        if field.required and not hasattr(entity, field.name):
            what, hint = unknown(field.name, entities[0].class_.__name__, attributes(entity), into)
            raise GambrelError("db.shape", what, "", hint)
    names = [field.name for field in fields if hasattr(entity, field.name)]
    return statement.with_only_columns(*(getattr(entity, name) for name in names))


def attributes(entity: Any) -> list[str]:
    """Return the names of what a model, or an alias of one, has."""
    return list(sqlalchemy.inspect(entity).mapper.attrs.keys())


def is_entity(raw: Any) -> bool:
    """Whether what is selected is a model, and no column of one."""
    return not hasattr(raw, "type") and "parententity" in getattr(raw, "_annotations", ())


class Shape(Generic[T]):
    """What rows of a statement become: structs of `into`, by the names of columns and fields.

    Raises GambrelError where they do not fit; `where` is told with it.
    """

    def __init__(self, columns: Iterable[Any], into: type[T], where: str) -> None:
        self.into = into
        self.where = where
        found = list(columns)
        self.columns = {name_of(column): column for column in found}
        if len(self.columns) < len(found):
            names = [name_of(column) for column in found]
            twice = next(name for name in names if names.count(name) > 1)
            what = f"two columns of the statement are called {twice!r}"
            hint = f"`Hero.{twice}.label(...)` for one of them"
            raise GambrelError("db.compiled", what, where, hint)
        fields: Any = msgspec.structs.fields(into)  # type: ignore[arg-type]  # a struct, as was seen
        self.fields = {field.name: field for field in fields}
        self.kinds = typing.get_type_hints(into)
        self.check()

    def check(self) -> None:
        """Raise GambrelError for the first thing that does not fit."""
        for name, column in self.columns.items():
            if name not in self.fields:
                raise self.fault(*unknown(name, self.into.__name__, self.fields))
            self.check_column(name, column)
        for name, field in self.fields.items():
            if field.required and name not in self.columns:
                raise self.fault(*unknown(name, "the statement", self.columns, self.into))

    def check_column(self, name: str, column: Any) -> None:
        """Raise GambrelError where a column may be null, or has values of another type."""
        kind, own = self.kinds[name], f"{self.into.__name__}.{name}"
        while isinstance(column, Label):
            column = column.element
        if getattr(column, "nullable", False) and kind is not Any and _NONE not in get_args(kind):
            what = f"{own} must have a value, and the column {name!r} may be null"
            raise self.fault(what, f"`{name}: {spell(kind)} | None`")
        given, wanted = python_type(column), plain(kind)
        if isinstance(given, type) and isinstance(wanted, type) and not fits(given, wanted):
            what = f"{own} is {wanted.__name__}, and the column {name!r} is {given.__name__}"
            raise self.fault(what, f"`{name}: {given.__name__}`")

    def fault(self, what: str, hint: str) -> GambrelError:
        """Return the error of what does not fit."""
        return GambrelError("db.shape", what, self.where, hint)

    def maker(self, dialect: Any, description: Sequence[Any]) -> Callable[[Rows], list[T]]:
        """Return what makes structs of rows as a driver gives them."""
        steps = []
        for index, (name, column) in enumerate(self.columns.items()):
            read = column.type.dialect_impl(dialect).result_processor(
                dialect, description[index][1]
            )
            steps += [(index, step) for step in (read, self.conversion(name, column)) if step]
        build, order = self.builder()
        if not steps:
            return lambda rows: list(build(map(order, rows) if order else rows))

        def make(rows: Rows) -> list[T]:
            return list(build([read_row(row) for row in rows]))

        def read_row(row: Sequence[Any]) -> Sequence[Any]:
            values = list(row)
            for index, step in steps:
                values[index] = step(values[index])
            return order(values) if order else values

        return make

    def conversion(self, name: str, column: Any) -> Callable[[Any], Any] | None:
        """Return what makes a value of a field's type of JSON, or of a whole number."""
        given, kind = python_type(column), self.kinds[name]
        if (given, plain(kind)) == (int, float):
            return lambda value: None if value is None else float(value)
        if isinstance(column.type, JSON) and kind is not Any:
            return lambda value: msgspec.convert(value, kind)
        return None

    def builder(self) -> tuple[Callable[[Any], Iterable[T]], Callable[[Any], Any] | None]:
        """Return what makes structs of values, and what puts these into the order of fields."""
        names, parameters = list(self.columns), inspect.signature(self.into).parameters
        first = list(parameters)[: len(names)]
        by_place = all(one.kind is not one.KEYWORD_ONLY for one in parameters.values())
        if not by_place or set(first) != set(names):
            into = self.into
            return lambda rows: [into(**dict(zip(names, row, strict=True))) for row in rows], None
        order = None if first == names else itemgetter(*map(names.index, first))
        return lambda rows: starmap(self.into, rows), order


def name_of(column: Any) -> str:
    """Return what a column is called: as its attribute of a model, or as its label."""
    name: str = column._annotations.get("proxy_key") or column.key  # noqa: SLF001 - SQLAlchemy 2.1's
    return name


def unknown(
    name: str, owner: str, known: Iterable[str], into: type[Any] | None = None
) -> tuple[str, str]:
    """Return what is said of a name that one side has and the other has not, and what to type."""
    close = difflib.get_close_matches(name, known := list(known), 1)
    hint = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(known) or 'none'}"
    asked = "the statement" if into is None else into.__name__
    return f"{asked} has {name!r}, which {owner} has not", hint
