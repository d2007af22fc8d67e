"""What many models have: times, keys that can be made anywhere, soft deletion, versions.

`class Post(Timestamps, Versioned, Model)`. Each is a class of columns and knows no other.
"""

import os
import threading
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

from gambrel.core.http.errors import GambrelError, PreconditionFailed, PreconditionRequired
from gambrel.core.http.request import Request
from gambrel.db.columns import Moment
from gambrel.db.sessions import SyncSession
from gambrel.headers.conditional import Decision, ETag, evaluate

__all__ = [
    "SoftDelete",
    "Timestamps",
    "UUIDKey",
    "Versioned",
    "check_match",
    "etag_of",
    "uuid7",
]

DELETED = "include_deleted"


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def as_created(context: Any) -> datetime:
    """Return the moment that a new row has as its first one."""
    created: datetime | None = context.get_current_parameters().get("created_at")
    return created or now()


class Timestamps:
    """`created_at` and `updated_at`, set by themselves; the same until the row is changed."""

    created_at: Mapped[datetime] = mapped_column(Moment(), default=now, sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        Moment(), default=as_created, onupdate=now, sort_order=91
    )


class UUIDKey:
    """A key that is known before the row is written, and grows with time (UUID 7, RFC 9562)."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=lambda: uuid7(), sort_order=-1)


@event.listens_for(UUIDKey, "init", propagate=True)
def give_key(_row: Any, _arguments: Any, values: dict[str, Any]) -> None:
    """Give a new row its key; one that is inserted by a statement has it from its column."""
    values.setdefault("id", uuid7())


class Versioned:
    """A number that changes with the row: who has seen an older one does not overwrite it.

    A change of a row that somebody else has changed meanwhile is a 409; `check_match` makes it a
    412 for clients that say what they have seen. It stands before `Model`; what a model has in
    `__mapper_args__` is added to this. Raises GambrelError for a model that it cannot guard.
    """

    version: Mapped[int] = mapped_column(default=1, sort_order=92)

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - SQLAlchemy's

    def __init_subclass__(cls, **options: Any) -> None:
        own = vars(cls).get("__mapper_args__")
        is_mapped = any("__mapper__" in vars(parent) for parent in cls.__mro__[1:])
        if isinstance(own, dict) and not is_mapped:  # which replaces that of its parents
            cls.__mapper_args__ = Versioned.__mapper_args__ | own
        super().__init_subclass__(**options)
        mapper = vars(cls).get("__mapper__")
        if mapper is not None and mapper.version_id_col is None:
            what = f"{cls.__name__} is Versioned, and its version would never change"
            hint = f"class {cls.__name__}(Versioned, Model), in this order"
            raise GambrelError("db.versioned", what, cls.__module__, hint)


class SoftDelete:
    """`deleted_at`: a row that is deleted stays, and statements do not see it.

    `select(...).execution_options(include_deleted=True)` does. A unique index that forgets them:
    `Index("uq_name", "name", unique=True, sqlite_where=deleted_at.is_(None), ...)`.
    """

    deleted_at: Mapped[datetime | None] = mapped_column(Moment(), default=None, sort_order=93)


def etag_of(row: Versioned) -> ETag:
    """Return the entity tag of a row, for the header `ETag`."""
    return ETag(str(row.version))


def check_match(request: Request, row: Versioned, *, required: bool = False) -> None:
    """See that a client changes what it has seen (`If-Match`, RFC 9110 §13.1.1).

    Raises:
        PreconditionFailed: It has seen another version (412).
        PreconditionRequired: It does not say what it has seen, and it is `required` (428).
    """
    if required and "if-match" not in request.headers:
        raise PreconditionRequired("Say in `If-Match` which version you have seen.")
    if evaluate(request.method, request.headers, etag=etag_of(row)) is Decision.PRECONDITION_FAILED:
        raise PreconditionFailed("It was changed by somebody else meanwhile.")


@event.listens_for(SyncSession, "do_orm_execute")
def hide_deleted(state: ORMExecuteState) -> None:
    """Leave rows that are deleted softly out of what is selected."""
    if state.is_select and SoftDelete.__subclasses__() and not state.is_column_load:
        if state.execution_options.get(DELETED):
            return
        state.statement = without_deleted(state.statement)


def without_deleted(statement: Any) -> Any:
    """Return a statement that does not see rows that are deleted softly."""
    hidden = with_loader_criteria(SoftDelete, is_kept, include_aliases=True)
    return statement.options(hidden)


def is_kept(model: Any) -> Any:
    """Return the condition of rows that are not deleted."""
    return model.deleted_at.is_(None)


@event.listens_for(SyncSession, "before_flush")
def delete_softly(session: Session, _context: Any, _objects: Any) -> None:
    """Mark rows in place of deleting them."""
    for row in list(session.deleted):
        if isinstance(row, SoftDelete):
            session.add(row)
            row.deleted_at = now()


@event.listens_for(SoftDelete, "before_delete", propagate=True)
def refuse_orphan(_mapper: Any, _connection: Any, row: Any) -> None:
    """Raise GambrelError for a row that would go for good, as those do that nobody deletes."""
    name = type(row).__name__
    what = f"a {name} would be deleted for good, and it is one of those that stay: an orphan is"
    hint = f'`cascade="save-update, merge"` of its relation; `await db.delete(row)` for a {name}'
    raise GambrelError("db.soft-delete", what, "", hint)


class Clock:
    """Gives each UUID a later time than the one before, also within a millisecond."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.last = 0

    def tick(self) -> int:
        """Return milliseconds since 1970 and 12 bits of their fraction."""
        with self.lock:
            self.last = max(self.last + 1, (time.time_ns() << 12) // 1_000_000)
            return self.last


_CLOCK = Clock()
os.register_at_fork(after_in_child=_CLOCK.__init__)  # type: ignore[misc]  # its lock may be held


def uuid7() -> UUID:
    """Return a UUID of version 7 (RFC 9562 §5.7): later ones are larger, in one process."""
    tick = _CLOCK.tick()
    high = (tick >> 12) << 16 | 0x7000 | (tick & 0xFFF)
    low = 0b10 << 62 | int.from_bytes(os.urandom(8)) >> 2
    return UUID(int=high << 64 | low)
