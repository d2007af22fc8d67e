"""Pages of a statement by number; and what is the same for those by cursor: their order.

Called by the sessions. An order that leaves rows equal is made total by the primary key, so that
no row is on two pages or on none.
"""

from typing import Any, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import Join, Select, func, inspect, select, tuple_
from sqlalchemy.orm import Session

from gambrel.core.http.errors import GambrelError

__all__ = ["SIZE", "Page", "Slice", "entity_of", "ordered", "page"]

T = TypeVar("T")
SIZE = 50
MAX_SIZE = 1000
_FAR = 1 << 40


class Page(Struct, Generic[T], frozen=True):
    """Rows of a page, the first being 1, with the number of rows on all pages."""

    items: list[T]
    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.size)

    @property
    def has_next(self) -> bool:
        """Whether there is a page after this."""
        return self.page * self.size < self.total


class Slice(Struct, Generic[T], frozen=True):
    """Rows, and the cursor of those after them: None where there are none."""

    items: list[T]
    next: str | None = None


def entity_of(statement: Select[Any]) -> Any:
    """Return the model of a statement that selects the rows of one. Raises GambrelError."""
    described = statement.column_descriptions
    entity = described[0]["entity"] if len(described) == 1 else None
    if entity is None or described[0]["expr"] is not entity:
        what = "pages are of the rows of one model, and this statement selects something else"
        hint = "`select(Hero)`, with `.where(...)` and `.order_by(...)` as you like"
        raise GambrelError("db.page", what, "", hint)
    return entity


def ordered(statement: Select[T]) -> Select[T]:
    """Return a statement whose order is total: that of its own, then by primary key."""
    entity = entity_of(statement)
    keys = [getattr(entity, one.key) for one in keys_of(entity)]
    return statement.order_by(*keys)


def keys_of(entity: Any) -> list[Any]:
    """Return the attributes of the primary key of a model."""
    mapper = inspect(entity).mapper
    return [mapper.get_property_by_column(column) for column in mapper.primary_key]


def page(session: Session, statement: Select[T], number: int, size: int) -> Page[T]:
    """Return a page; one beyond the last is empty.

    All rows are counted by the same options: those that are deleted softly, say. One that a join
    gives several times is one row, at the first of its places.
    """
    number, size = min(max(number, 1), _FAR), min(max(size, 1), MAX_SIZE)
    entity, bare = entity_of(statement), statement.order_by(None)
    keys = [getattr(entity, one.key) for one in keys_of(entity)]
    given = total = count(session, statement, bare)
    if given and is_joined(statement):
        distinct: Any = bare.with_only_columns(*keys).distinct()
        total = count(session, statement, distinct)
    offset = (number - 1) * size
    items: list[T] = []
    if offset < total and given == total:
        items = list(session.scalars(ordered(statement).limit(size).offset(offset)).unique())
    elif offset < total:
        items = once_each(session, statement, keys, size, offset)
    return Page(items, number, size, total)


def count(session: Session, statement: Select[Any], rows: Select[Any]) -> int:
    """Return how many rows there are, by the options of a statement."""
    counted = select(func.count()).select_from(rows.subquery())
    return session.scalar(counted, execution_options=statement.get_execution_options()) or 0


def is_joined(statement: Select[Any]) -> bool:
    """Whether a row may be several times in what a statement selects."""
    tables = statement.get_final_froms()
    return len(tables) > 1 or any(isinstance(table, Join) for table in tables)


def once_each(
    session: Session, statement: Select[T], keys: list[Any], size: int, offset: int
) -> list[T]:
    """Return the rows of a page, of a statement that gives some of them several times."""
    order = [*statement._order_by_clauses, *keys]  # noqa: SLF001 - no public way
    bare = statement.order_by(None)
    place = func.row_number().over(order_by=order).label("place")
    found = bare.with_only_columns(*keys, place).subquery()
    *names, last = found.columns
    first = func.min(last)
    wanted = select(*names).group_by(*names).order_by(first).limit(size).offset(offset)
    options = statement.get_execution_options()
    ids = [tuple(row) for row in session.execute(wanted, execution_options=options)]
    known = tuple_(*keys).in_(ids) if len(keys) > 1 else keys[0].in_([key for (key,) in ids])
    rows: dict[Any, T] = {}
    for row in session.scalars(bare.where(known)).unique():
        rows[inspect(row).identity] = row
    return [rows[key] for key in ids if key in rows]
