"""Kept orders: rows that are where somebody has put them.

    class Track(Positioned, Model):
        __positions_within__ = ("album_id",)     # each album has an order of its own

    await db.run_sync(place, track, after=other)
    await db.scalars(select(Track).order_by(Track.position))

Positions have gaps, so that a row is moved by changing it alone.
"""

from typing import Any, ClassVar

from sqlalchemy import BigInteger, event, func, inspect, select
from sqlalchemy.orm import Mapped, RelationshipDirection, Session, mapped_column

from gambrel.core.http.errors import GambrelError
from gambrel.db.sessions import SyncSession

__all__ = ["GAP", "Positioned", "place"]

GAP = 1 << 16


class Positioned:
    """`position`, by which rows are ordered: a new one is the last, if nothing else is said."""

    __positions_within__: ClassVar[tuple[str, ...]] = ()
    position: Mapped[int] = mapped_column(BigInteger, index=True, sort_order=96)


def place(session: Session, row: Any, *, after: Any = None) -> None:
    """Put a row behind another one, or before all others.

    Its neighbours are locked, so that two that are put at the same place at once are both there.
    Raises GambrelError where the other is not of the same order.
    """
    session.flush()  # who has no position yet gets one, and what is read anew loses nothing
    model = type(row)
    group = group_of(model, row)
    if after is not None and group_of(model, after) != group:
        what = f"a {model.__name__} is put behind one of another order: {group} differ"
        hint = f"set what both are within first: {', '.join(model.__positions_within__)}"
        raise GambrelError("db.position", what, "", hint)
    near = neighbours(session, row, after)
    if near is None:
        spread(session, row)
        near = neighbours(session, row, after)
    assert near is not None
    row.position = near
    session.add(row)
    session.flush()


def neighbours(session: Session, row: Any, after: Any) -> int | None:
    """Return a position between those of two neighbours; None where there is no room."""
    model: Any = type(row)
    near = others(model, row)
    if after is None:
        lowest = near.order_by(model.position).limit(1)
        first, before = session.scalars(lowest).first(), None
        while first != before:  # who was waited for may have been put before it
            first, before = session.scalars(lowest).first(), first
        return 0 if first is None else first - GAP
    behind = select(model.position).where(same(model, after)).with_for_update()
    left: int = session.execute(behind).scalar_one()
    near = near.where(model.position > left).order_by(model.position).limit(1)
    right: int | None = session.scalars(near).first()
    if right is None:
        return left + GAP
    return (left + right) // 2 if right - left > 1 else None


def others(model: Any, row: Any) -> Any:
    """Return the statement of the positions of the order of a row, without its own."""
    statement = select(model.position).where(*within(model, row)).with_for_update()
    return statement.where(~same(model, row)) if inspect(row).persistent else statement


def spread(session: Session, row: Any) -> None:
    """Give each row of an order its gap again."""
    model: Any = type(row)
    rows = select(model).where(*within(model, row)).order_by(model.position).with_for_update()
    found = session.scalars(rows.execution_options(populate_existing=True)).all()
    for index, one in enumerate(found):
        one.position = index * GAP
    session.flush()


def within(model: Any, row: Any) -> list[Any]:
    """Return the conditions of the rows that are in one order with a row."""
    return [getattr(model, name) == value for name, value in group_of(model, row).items()]


def group_of(model: Any, row: Any) -> dict[str, Any]:
    """Return what a row is ordered within, by attribute."""
    return {name: value_of(model, row, name) for name in model.__positions_within__}


def value_of(model: Any, row: Any, name: str) -> Any:
    """Return the value of an attribute, as it will be: that of a row which is named by a relation.

    Where that has no key yet, the row itself: nothing is ordered within it.
    """
    column = inspect(model).attrs[name].columns[0]
    for relation in inspect(model).relationships:
        other, pairs = inspect(row).dict.get(relation.key), dict(relation.local_remote_pairs)
        is_above = relation.direction is RelationshipDirection.MANYTOONE
        if is_above and column in pairs and other is not None:
            mapper = inspect(type(other))
            key = getattr(other, mapper.get_property_by_column(pairs[column]).key)
            return other if key is None else key
    return getattr(row, name)


def same(model: Any, row: Any) -> Any:
    """Return the condition of a row itself."""
    mapper = inspect(model)
    keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    condition = getattr(model, keys[0]) == getattr(row, keys[0])
    for key in keys[1:]:
        condition &= getattr(model, key) == getattr(row, key)
    return condition


@event.listens_for(SyncSession, "before_flush")
def append(session: Session, _context: Any, _objects: Any) -> None:
    """Put new rows at the end, in the order in which they were added."""
    last: dict[Any, int] = {}
    for row in session.new:
        if isinstance(row, Positioned) and row.position is None:
            model: Any = type(row)
            group = group_of(model, row).values()
            key = (model, *group)
            if key not in last:
                last[key] = -GAP
                if not any(inspect(one, raiseerr=False) for one in group):
                    with session.no_autoflush:
                        most = select(func.max(model.position)).where(*within(model, row))
                        found = session.scalar(most)
                    last[key] = -GAP if found is None else found
            last[key] += GAP
            row.position = last[key]
