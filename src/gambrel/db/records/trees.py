"""Trees: rows below rows of the same model, asked for at any depth in one statement.

    class Topic(Tree, Model): ...                # `parent_id` leads to the row above

Each function is called by a session: `await db.run_sync(move, topic, below)`; what returns a
statement is asked like any other: `await db.scalars(subtree(Topic, 7))`.
"""

from typing import Any, TypeVar

from sqlalchemy import ForeignKey, Integer, Select, inspect, literal, select
from sqlalchemy.orm import Mapped, Session, aliased, declared_attr, mapped_column

from gambrel.core.http.errors import Conflict, GambrelError
from gambrel.db.parts import DELETED

__all__ = ["DEPTH", "Tree", "ancestors", "move", "roots", "subtree"]

M = TypeVar("M")
DEPTH = 100
"""How deep is looked: a loop that SQL by hand has made ends there."""


class Tree:
    """`parent_id`: the row above, None for a root.

    A model with a key that is called or typed in another way declares its own:
    `parent_key: Mapped[UUID | None] = mapped_column(ForeignKey("topic.key"), index=True)`.
    """

    @declared_attr
    def parent_id(cls: Any) -> Mapped[int | None]:  # noqa: N805 - of the class
        """The row above."""
        return mapped_column(ForeignKey(f"{cls.__tablename__}.id"), index=True, default=None)


def roots(model: type[M]) -> Select[M]:
    """Return the statement of the rows that are below none."""
    return select(model).where(above(model).is_(None))


def subtree(model: type[M], key: Any) -> Select[M]:
    """Return the statement of a row and all that are below it, each level after the one above."""
    own, parent = key_of(model), above(model)
    start = select(own.label("key"), literal(0, Integer).label("depth")).where(own == key)
    found: Any = start.cte("subtree", recursive=True)
    below = select(own, found.c.depth + 1).join(found, parent == found.c.key)
    found = found.union_all(below.where(found.c.depth < DEPTH))
    statement = select(model).join(found, key_of(model) == found.c.key)
    return statement.order_by(found.c.depth, key_of(model))


def ancestors(model: type[M], key: Any) -> Select[M]:
    """Return the statement of the rows above one, the root first."""
    other = aliased(model)
    own, parent = key_of(other), above(other)
    start = select(parent.label("key"), literal(0, Integer).label("depth")).where(own == key)
    found: Any = start.cte("ancestors", recursive=True)
    over = select(parent, found.c.depth + 1).join(found, own == found.c.key)
    found = found.union_all(over.where(found.c.depth < DEPTH))
    statement = select(model).join(found, key_of(model) == found.c.key)
    return statement.order_by(found.c.depth.desc())


def move(session: Session, row: Any, below: Any) -> None:
    """Put a row, with all that is below it, below another one; None makes it a root.

    The rows on the way up are locked, so that two moves at once make no loop either. Raises
    Conflict where the row would be below itself, or deeper than is looked.
    """
    model = type(row)
    own, parent = key_of(model), above(model)
    session.flush()
    key = getattr(row, own.key)
    step = None if below is None else getattr(below, own.key)
    session.execute(select(own).where(own == key).with_for_update())
    place = step
    for _ in range(DEPTH):
        if step is None:
            break
        if step == key:
            raise Conflict("It cannot be below itself.")
        over = select(parent).where(own == step).with_for_update()
        step = session.scalar(over.execution_options(**{DELETED: True}))  # it may come back
    else:
        raise Conflict(f"It cannot be deeper than {DEPTH}.")
    setattr(row, parent.key, place)
    session.flush()


def key_of(model: Any) -> Any:
    """Return the attribute of the primary key of a model. Raises GambrelError for several."""
    mapper = inspect(model).mapper
    if len(mapper.primary_key) != 1:
        what = f"{mapper.class_.__name__} has a key of several columns, and no tree is made of it"
        raise GambrelError("db.tree", what, "", "give it a key of one column: `UUIDKey`")
    return getattr(model, mapper.get_property_by_column(mapper.primary_key[0]).key)


def above(model: Any) -> Any:
    """Return the attribute that leads to the row above. Raises GambrelError where there is none."""
    mapper = inspect(model).mapper
    found = [
        prop.key
        for prop in mapper.column_attrs
        if any(key.column is mapper.primary_key[0] for key in prop.columns[0].foreign_keys)
        and prop.columns[0] is not mapper.primary_key[0]
    ]
    if len(found) != 1:
        what = f"{mapper.class_.__name__} has {len(found)} keys to rows of its own, a tree has one"
        hint = f"`class {mapper.class_.__name__}(Tree, Model)`, or a ForeignKey to its own table"
        raise GambrelError("db.tree", what, "", hint)
    return getattr(model, found[0])
