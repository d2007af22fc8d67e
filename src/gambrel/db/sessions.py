"""`AsyncSession` and `SyncSession`: SQLAlchemy's sessions, with what every app writes again.

What they add is written once, in `SyncSession`; the async one runs it in a greenlet. Nothing here
knows an app: who opens, commits and closes sessions is `units.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, LiteralString, TypeVar

from sqlalchemy import Select, event, orm, text
from sqlalchemy.exc import DataError
from sqlalchemy.ext import asyncio as async_orm
from sqlalchemy.util.concurrency import greenlet_spawn

from gambrel.core.http.errors import GambrelError, NotFound
from gambrel.db.loading import refuse_lazy_load
from gambrel.db.models import WORD
from gambrel.db.queries import keysets, paging, rows, upserts
from gambrel.db.queries.paging import SIZE, Page, Slice
from gambrel.signing import Signer

__all__ = ["AsyncSession", "SyncSession"]

M = TypeVar("M")
T = TypeVar("T")
AFTER = "gambrel.after_commit"


class SyncSession(orm.Session):
    """The session of a `def` handler: SQLAlchemy's `Session`, and a few methods more.

    It is committed for you when the handler succeeds, and rolled back when it does not.
    """

    is_over = False
    lazy_loads = False
    """Whether a relation is loaded when it is first looked at."""
    is_refreshing = False
    only_reads = False
    """Whether the database refuses what it would write."""
    counts_lines = False
    """Whether lines that ask again and again are told, in development."""
    deadline: float | None = None
    """When its statements have to end, by the monotonic clock."""
    statement_timeout = 30.0
    """Seconds after which the server ends them in any case."""
    keys: Sequence[bytes | str] = ()
    """What cursors of pages are signed with."""

    def get_bind(self, *arguments: Any, **options: Any) -> Any:
        """Return the engine of a statement. Raises GambrelError for a session that is over."""
        if self.is_over:
            raise over()
        return super().get_bind(*arguments, **options)

    def refresh(self, *arguments: Any, **options: Any) -> None:
        """Load a row again, or what of it is named, relations as well."""
        before, self.is_refreshing = self.is_refreshing, True
        try:
            super().refresh(*arguments, **options)
        finally:
            self.is_refreshing = before

    def get_or_404(self, model: type[M], key: Any, **options: Any) -> M:
        """Return the row with a primary key; options as of `get`. Raises NotFound for none."""
        try:
            found = self.get(model, key, **options)
        except DataError as error:  # such as a number beyond what the column can have
            raise NotFound(missing(model)) from error
        if found is None:
            raise NotFound(missing(model))
        return found

    def one_or_404(self, statement: Select[T]) -> T:
        """Return the one row of a statement. Raises NotFound for none, MultipleResultsFound."""
        found: T | None = self.scalars(statement).one_or_none()
        if found is None:
            raise NotFound
        return found

    def create(self, model: type[M], given: Any, **values: Any) -> M:
        """Write a new row from a struct, field by field, and return it with its key.

        `values` are what nobody sends. Raises GambrelError for a field that the model has not.
        """
        row = model(**rows.values_for(model, given), **values)
        self.add(row)
        self.flush()
        return row

    def change(self, row: M, given: Any, **values: Any) -> M:
        """Set what a struct has, but for what is UNSET, and write the row."""
        for name, value in {**rows.values_for(type(row), given), **values}.items():
            setattr(row, name, value)
        self.flush()
        return row

    def page(self, statement: Select[T], page: int = 1, size: int = SIZE) -> Page[T]:
        """Return a page of a statement, the first being 1, with the number of all rows.

        Rows that are equal by its order are in that of their primary key.
        """
        return paging.page(self, statement, page, size)

    def slice(self, statement: Select[T], size: int = SIZE, after: str | None = None) -> Slice[T]:
        """Return rows by the order of a statement, after those of a cursor: in the same time
        anywhere, and none twice where others write meanwhile.

        Raises:
            BadSignature: The cursor is not ours, or one of another order (400).
            GambrelError: The order is by something that may be null, or no column.
        """
        return keysets.slice_of(self, statement, size, after)

    def upsert(
        self,
        model: type[M],
        values: Mapping[str, Any],
        on: Iterable[Any],
        update: Iterable[str] | None = None,
    ) -> M:
        """Insert a row, or change the one that is equal in `on`, in one statement; return it.

        `update` names what is changed: by default all values but those of `on`, nothing for `()`.
        """
        return upserts.upsert(self, model, values, on, update)

    def fetch(self, into: type[T], statement: LiteralString, /, **values: Any) -> list[T]:
        """Return the rows of SQL by hand as structs; its `:names` are bound, and nothing else.

        It has to be written in the program: a type checker refuses what is put together of input.
        """
        found = self.execute(text(statement), values)
        return rows.structs_of(into, found.mappings())

    def signer(self, purpose: str) -> Signer:
        """Return what signs for a purpose. Raises GambrelError where there are no keys."""
        return Signer(self.keys, f"db.{purpose}")

    def after_commit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call something once what was written until now is committed, and never if it is not.

        What fails in it is logged.
        """
        transaction = self.get_nested_transaction() or self.get_transaction()
        self.info.setdefault(AFTER, []).append((transaction, call, arguments))


class AsyncSession(async_orm.AsyncSession):
    """The session of an `async def` handler: SQLAlchemy's `AsyncSession`, and a few methods more.

    It is committed for you when the handler succeeds, and rolled back when it does not.
    """

    sync_session_class: type[orm.Session] = SyncSession
    sync_session: SyncSession  # pyright: ignore[reportIncompatibleVariableOverride]  # set once

    async def get_or_404(self, model: type[M], key: Any, **options: Any) -> M:
        """Return the row with a primary key; options as of `get`. Raises NotFound for none."""
        return await greenlet_spawn(self.sync_session.get_or_404, model, key, **options)

    async def one_or_404(self, statement: Select[T]) -> T:
        """Return the one row of a statement. Raises NotFound for none, MultipleResultsFound."""
        ask: Callable[[], T] = partial(self.sync_session.one_or_404, statement)
        return await greenlet_spawn(ask)

    async def create(self, model: type[M], given: Any, **values: Any) -> M:
        """Write a new row from a struct, field by field, and return it with its key.

        `values` are what nobody sends. Raises GambrelError for a field that the model has not.
        """
        return await greenlet_spawn(self.sync_session.create, model, given, **values)

    async def change(self, row: M, given: Any, **values: Any) -> M:
        """Set what a struct has, but for what is UNSET, and write the row."""
        return await greenlet_spawn(self.sync_session.change, row, given, **values)

    async def page(self, statement: Select[T], page: int = 1, size: int = SIZE) -> Page[T]:
        """Return a page of a statement, the first being 1, with the number of all rows.

        Rows that are equal by its order are in that of their primary key.
        """
        return await greenlet_spawn(self.sync_session.page, statement, page, size)

    async def slice(
        self, statement: Select[T], size: int = SIZE, after: str | None = None
    ) -> Slice[T]:
        """Return rows by the order of a statement, after those of a cursor: in the same time
        anywhere, and none twice where others write meanwhile.

        Raises:
            BadSignature: The cursor is not ours, or one of another order (400).
            GambrelError: The order is by something that may be null, or no column.
        """
        return await greenlet_spawn(self.sync_session.slice, statement, size, after)

    async def upsert(
        self,
        model: type[M],
        values: Mapping[str, Any],
        on: Iterable[Any],
        update: Iterable[str] | None = None,
    ) -> M:
        """Insert a row, or change the one that is equal in `on`, in one statement; return it.

        `update` names what is changed: by default all values but those of `on`, nothing for `()`.
        """
        return await greenlet_spawn(self.sync_session.upsert, model, values, on, update)

    async def fetch(self, into: type[T], statement: LiteralString, /, **values: Any) -> list[T]:
        """Return the rows of SQL by hand as structs; its `:names` are bound, and nothing else.

        It has to be written in the program: a type checker refuses what is put together of input.
        """
        return await greenlet_spawn(self.sync_session.fetch, into, statement, **values)

    def after_commit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call something once what was written until now is committed, and never if it is not.

        It may be a coroutine function. What fails in it is logged.
        """
        self.sync_session.after_commit(call, *arguments)


event.listen(SyncSession, "do_orm_execute", refuse_lazy_load)


def missing(model: Any) -> str:
    """Return what is said of a row that there is not."""
    words = WORD.sub(" ", model.__name__).lower()
    return f"There is no such {words}."


def over() -> GambrelError:
    """Return the error of a session that is used when its unit of work has ended."""
    return GambrelError(
        "db.session-over",
        "a session is used after its unit of work has ended: it was committed or rolled back",
        "",
        "what runs later opens its own: `async with database.session() as db:`",
    )
