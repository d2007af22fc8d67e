"""`Authored`: who has made a row, and who has changed it last.

Who it is, says the session: `db.actor = str(user.id)`, in a dependency that knows the visitor.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from gambrel.db.columns import TEXT
from gambrel.db.sessions import SyncSession

__all__ = ["Authored"]


class Authored:
    """`created_by` and `updated_by`: the `actor` of the session; None where nobody is known."""

    created_by: Mapped[str | None] = mapped_column(TEXT, default=None, sort_order=94)
    updated_by: Mapped[str | None] = mapped_column(TEXT, default=None, sort_order=95)


@event.listens_for(SyncSession, "before_flush")
def sign(session: Session, _context: Any, _objects: Any) -> None:
    """Write who it is into rows that are new or changed."""
    actor = getattr(session, "actor", None)
    for row in session.new:
        if isinstance(row, Authored):
            row.created_by = row.created_by or actor
            row.updated_by = row.updated_by or actor
    for row in session.dirty:
        if isinstance(row, Authored) and session.is_modified(row):
            row.updated_by = actor
