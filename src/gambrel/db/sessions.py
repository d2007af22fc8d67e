"""`AsyncSession` and `SyncSession`: SQLAlchemy's sessions, with what every app writes again.

What they add is written once, in `SyncSession`; the async one runs it in a greenlet. Nothing here
knows an app: who opens, commits and closes sessions is `units.py`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Select, orm
from sqlalchemy.exc import DataError, StatementError
from sqlalchemy.ext import asyncio as async_orm
from sqlalchemy.util.concurrency import greenlet_spawn

from gambrel.core.http.errors import GambrelError, NotFound

__all__ = ["AsyncSession", "SyncSession"]

M = TypeVar("M")
T = TypeVar("T")
AFTER = "gambrel.after_commit"


class SyncSession(orm.Session):
    """The session of a `def` handler: SQLAlchemy's `Session`, and a few methods more.

    It is committed for you when the handler succeeds, and rolled back when it does not.
    """

    is_over = False

    def get_bind(self, *arguments: Any, **options: Any) -> Any:
        """Return the engine of a statement. Raises GambrelError for a session that is over."""
        if self.is_over:
            raise over()
        return super().get_bind(*arguments, **options)

    def get_or_404(self, model: type[M], key: Any, **options: Any) -> M:
        """Return the row with a primary key; options as of `get`. Raises NotFound for none."""
        try:
            found = self.get(model, key, **options)
        except (DataError, StatementError, OverflowError) as error:
            if is_no_key(error):  # such as a number beyond what the column can have
                raise NotFound(missing(model)) from error
            raise
        if found is None:
            raise NotFound(missing(model))
        return found

    def one_or_404(self, statement: Select[T]) -> T:
        """Return the one row of a statement. Raises NotFound for none, MultipleResultsFound."""
        found = self.scalars(statement).one_or_none()
        if found is None:
            raise NotFound
        return found

    def after_commit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call something once what was written until now is committed, and never if it is not.

        It may be a coroutine function in an async session. What fails in it is logged.
        """
        transaction = self.get_nested_transaction() or self.get_transaction()
        self.info.setdefault(AFTER, []).append((transaction, call, arguments))


class AsyncSession(async_orm.AsyncSession):
    """The session of an `async def` handler; see `SyncSession`."""

    sync_session_class: type[orm.Session] = SyncSession
    sync_session: SyncSession  # pyright: ignore[reportIncompatibleVariableOverride]  # set once

    async def get_or_404(self, model: type[M], key: Any, **options: Any) -> M:
        """Return the row with a primary key; options as of `get`. Raises NotFound for none."""
        return await greenlet_spawn(self.sync_session.get_or_404, model, key, **options)

    async def one_or_404(self, statement: Select[T]) -> T:
        """Return the one row of a statement. Raises NotFound for none, MultipleResultsFound."""
        return await greenlet_spawn(self.sync_session.one_or_404, statement)

    def after_commit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call something once what was written until now is committed, and never if it is not.

        It may be a coroutine function. What fails in it is logged.
        """
        self.sync_session.after_commit(call, *arguments)


def missing(model: type[Any]) -> str:
    """Return what is said of a row that there is not."""
    return f"There is no such {model.__tablename__.replace('_', ' ')}."


def is_no_key(error: Exception) -> bool:
    """Whether a value cannot be a key at all, rather than that something failed."""
    cause = getattr(error, "orig", error)
    return isinstance(error, DataError) or isinstance(cause, OverflowError)


def over() -> GambrelError:
    """Return the error of a session that is used when its unit of work has ended."""
    return GambrelError(
        "db.session-over",
        "a session is used after its unit of work has ended: it was committed or rolled back",
        "",
        "what runs later opens its own: `async with database.session() as db:`",
    )
