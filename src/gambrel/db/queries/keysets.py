"""Slices of a statement by key: what comes after the last row that was seen.

A cursor is signed, and for one order alone: what a client sends is bound as values of the types of
these columns, and never becomes SQL.
"""

from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Select, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
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
        kind = self.attribute.type.python_type
        return Decimal if kind is Decimal else kind


def slice_of(session: Any, statement: Select[T], size: int, after: str | None) -> Slice[T]:
    """Return rows after those of a cursor; from the first without one, or with an empty one."""
    size = min(max(size, 1), MAX_SIZE)
    entity = entity_of(statement)
    order = order_of(statement, entity)
    signer = session.signer("cursor:" + ",".join(f"{'-' * k.descends}{k.name}" for k in order))
    if after:
        statement = statement.where(beyond(order, read_cursor(signer, after, order)))
    directed = [k.attribute.desc() if k.descends else k.attribute.asc() for k in order]
    found = list(fetch(session, statement.order_by(None).order_by(*directed).limit(size + 1)))
    more, items = len(found) > size, found[:size]
    last = [getattr(items[-1], key.name) for key in order] if more else None
    return Slice(items, signer.dumps(last) if last else None)


def fetch(session: Session, statement: Select[T]) -> list[T]:
    """Return the rows of a statement."""
    return list(session.scalars(statement).unique())


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
    name = getattr(column, "key", None)
    attribute = getattr(entity, name, None) if name else None
    if not isinstance(attribute, InstrumentedAttribute) or not hasattr(attribute, "type"):
        what = f"the order of a slice is by {clause}, which is no column of {entity.__name__}"
        raise GambrelError("db.order", what, "", f"`.order_by({entity.__name__}.column)`")
    if attribute.nullable:
        what = f"the order of a slice is by {entity.__name__}.{name}, which may be null"
        hint = "order by columns that always have a value, or use `db.page(...)`"
        raise GambrelError("db.order", what, "", hint)
    return Key(attribute, descends)


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
