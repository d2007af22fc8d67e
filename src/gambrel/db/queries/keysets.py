"""Slices of a statement by key: what comes after the last row that was seen.

A cursor is signed, and for one order alone: what a client sends is bound as values of the types of
these columns, and never becomes SQL.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Select, and_, inspect, or_, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression

from gambrel.core.http.errors import GambrelError
from gambrel.db.queries.paging import MAX_SIZE, Slice, entity_of, keys_of
from gambrel.signing import BadSignature

__all__ = ["slice_of"]

T = TypeVar("T")


class Key(Struct, frozen=True):
    """A part of an order: the attribute of the row, and whether the largest comes first."""

    attribute: Any
    descends: bool

    @property
    def name(self) -> str:
        """Its name in the model."""
        return str(self.attribute.key)

    @property
    def kind(self) -> Any:
        """The type of its values."""
        return self.attribute.type.python_type


def slice_of(session: Any, statement: Select[T], size: int, after: str | None) -> Slice[T]:
    """Return rows after those of a cursor; from the first without one, or with an empty one."""
    size = min(max(size, 1), MAX_SIZE)
    entity = entity_of(statement)
    order = order_of(statement, entity)
    signer = session.signer("cursor:" + ",".join(f"{'-' * k.descends}{k.name}" for k in order))
    directed = [k.attribute.desc() if k.descends else k.attribute.asc() for k in order]
    ordered = statement.order_by(None).order_by(*directed)
    wanted = ordered.where(beyond(order, read_cursor(signer, after, order))) if after else ordered
    found, read = rows_of(session, wanted.limit(size + 1))
    items = found[:size]
    if read <= size:
        return Slice(items)
    last = [getattr(items[-1], key.name) for key in order]
    if len(found) <= size:  # a row was several times among them, by a join
        more, _ = rows_of(session, ordered.where(beyond(order, last)).limit(1))
        if not more:
            return Slice(items)
    return Slice(items, signer.dumps(last))


def rows_of(session: Session, statement: Select[T]) -> tuple[list[T], int]:
    """Return the rows of a statement, each once, and how many were read."""
    read = 0

    def seen(row: Any) -> Any:
        nonlocal read
        read += 1
        return row

    return list(session.scalars(statement).unique(seen)), read


def order_of(statement: Select[Any], entity: Any) -> list[Key]:
    """Return the order of a statement, made total by the primary key. Raises GambrelError."""
    keys = [key_of(clause, entity) for clause in statement._order_by_clauses]  # noqa: SLF001 - no public way
    names = {key.name for key in keys}
    keys += [
        Key(getattr(entity, prop.key), descends=bool(keys) and keys[-1].descends)
        for prop in keys_of(entity)
        if prop.key not in names
    ]
    return keys


def key_of(clause: Any, entity: Any) -> Key:
    """Return the part of an order. Raises GambrelError for what has no place in a cursor."""
    descends, column = False, clause
    if isinstance(clause, UnaryExpression) and clause.modifier in {
        operators.desc_op,
        operators.asc_op,
    }:
        descends, column = clause.modifier is operators.desc_op, clause.element
    name = name_of(column, entity)
    model = inspect(entity).mapper.class_.__name__
    if name is None:
        what = f"the order of a slice is by {clause}, which is no column of {model}"
        raise GambrelError("db.order", what, "", f"`.order_by({model}.column)`")
    attribute = getattr(entity, name)
    if attribute.expression.nullable:
        what = f"the order of a slice is by {model}.{name}, which may be null"
        hint = "order by columns that always have a value, or use `db.page(...)`"
        raise GambrelError("db.order", what, "", hint)
    return Key(attribute, descends)


def name_of(column: Any, entity: Any) -> str | None:
    """Return by which attribute a model has a column; None where it is of another, or is none."""
    for prop in inspect(entity).mapper.column_attrs:
        own = getattr(entity, prop.key).expression
        if hash(own) == hash(column) and hasattr(own, "nullable"):  # as SQLAlchemy compares them
            return str(prop.key)
    return None


def beyond(order: list[Key], values: list[Any]) -> Any:
    """Return the condition of the rows after one with these values."""
    if len({key.descends for key in order}) == 1:  # which an index can answer
        row: Any = tuple_(*[key.attribute for key in order])
        return row < tuple(values) if order[0].descends else row > tuple(values)
    cases = []
    for index, key in enumerate(order):
        before = zip(order[:index], values[:index], strict=True)
        same = [one.attribute == value for one, value in before]
        value = values[index]
        cases.append(and_(*same, key.attribute < value if key.descends else key.attribute > value))
    return or_(*cases)


def read_cursor(signer: Any, cursor: str, order: list[Key]) -> list[Any]:
    """Return the values in a cursor. Raises BadSignature."""
    values = signer.loads(cursor, type=list[Any])
    if len(values) != len(order):
        raise BadSignature("the cursor has another shape")
    try:
        pairs = zip(values, order, strict=True)
        return [msgspec.convert(value, key.kind, strict=False) for value, key in pairs]
    except msgspec.ValidationError:
        raise BadSignature("the cursor has another shape") from None
