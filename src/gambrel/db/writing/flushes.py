"""What a flush has written: asked by those that hear of it, files and the history."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session, UOWTransaction

__all__ = ["written"]


def written(session: Session, context: UOWTransaction) -> Iterator[tuple[Any, str]]:
    """Yield rows with what has become of them: `create`, `change` or `delete`.

    A session does not know of orphans and what goes with them: they are found as it is written.
    """
    states = context.states.items()
    gone = [state.obj() for state, (is_deleted, is_listed) in states if is_deleted > is_listed]
    deleted = {id(row) for row in gone}
    yield from ((row, "create") for row in session.new)
    yield from ((row, "change") for row in session.dirty if id(row) not in deleted)
    yield from ((row, "delete") for row in gone if row is not None)
