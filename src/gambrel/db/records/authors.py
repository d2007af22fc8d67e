"""`Authored`: who has made a row, and who has changed it last.

Who it is, says the session: `db.actor = str(user.id)`, in a dependency that knows the visitor.
"""

from typing import Any, ClassVar

from sqlalchemy import event
from sqlalchemy.orm import Mapped, mapped_column, object_session

from gambrel.db.columns import TEXT

__all__ = ["Authored"]


class Authored:
    """`created_by` and `updated_by`: the `actor` of the session; None where nobody is known."""

    is_signed: ClassVar[bool] = True
    """What an upsert asks, which cannot know this class."""
    created_by: Mapped[str | None] = mapped_column(TEXT, default=None, sort_order=94)
    updated_by: Mapped[str | None] = mapped_column(TEXT, default=None, sort_order=95)


@event.listens_for(Authored, "before_insert", propagate=True)
def sign(_mapper: Any, _connection: Any, row: Authored) -> None:
    """Write who it is into a row that is new."""
    actor = getattr(object_session(row), "actor", None)
    row.created_by = row.created_by or actor
    row.updated_by = row.updated_by or actor


@event.listens_for(Authored, "before_update", propagate=True)
def sign_change(_mapper: Any, _connection: Any, row: Authored) -> None:
    """Write who it is into a row that is changed, be it by what it belongs to."""
    session: Any = object_session(row)
    if session.is_modified(row):
        row.updated_by = getattr(session, "actor", None)
