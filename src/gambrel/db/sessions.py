"""`AsyncSession` and `SyncSession`: SQLAlchemy's sessions, with what every app writes again.

What they add is written once, in `SyncSession`; the async one runs it in a greenlet. Nothing here
knows an app: who opens, commits and closes sessions is `units.py`.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, LiteralString, NoReturn, TypeVar, overload

from sqlalchemy import Connection, Select, event, orm, text
from sqlalchemy.exc import DataError
from sqlalchemy.ext import asyncio as async_orm
from sqlalchemy.util.concurrency import greenlet_spawn

from gambrel.core.http.errors import GambrelError, NotFound, ServiceUnavailable
from gambrel.db.loading import refuse_lazy_load
from gambrel.db.models import WORD
from gambrel.db.queries import keysets, paging, plans, rows, upserts
from gambrel.db.queries.paging import SIZE, Page, Slice
from gambrel.db.writing import files, forms
from gambrel.db.writing.forms import SentForm
from gambrel.db.writing.rules import check_rules, hold_rules
from gambrel.signing import Signer

__all__ = ["AsyncSession", "SyncSession"]

M = TypeVar("M")
T = TypeVar("T")
LAST = 2
"""When a session is opened: after all else of a handler, so that it is committed before that ends.

What a visitor's session keeps is not kept then where the commit fails.
"""
AFTER = "gambrel.after_commit"


class SyncSession(orm.Session):
    """The session of a `def` handler: SQLAlchemy's `Session`, and a few methods more.

    It is committed for you when the handler succeeds, and rolled back when it does not.
    """

    opened_last = LAST
    is_over = False
    lazy_loads = False
    """Whether a relation is loaded when it is first looked at."""
    is_refreshing = False
    only_reads = False
    """Whether the database refuses what it would write."""
    counts_lines = False
    """Whether lines that ask again and again are told, in development."""
    begun: tuple[Connection, ...] = ()
    """The connections that it has, or had, transactions on."""
    deadline: float | None = None
    """When its statements have to end, by the monotonic clock."""
    statement_timeout = 30.0
    """Seconds after which the server ends them in any case."""
    keys: Sequence[bytes | str] = ()
    """What cursors of pages are signed with."""
    actor: str | None = None
    """Who writes, for rows that keep it: the key of a user, say."""
    files: Any = None
    """What keeps the files of rows: `Media`."""
    loop: Any = None
    """The loop of the app, for a session in a thread."""
    _tenant: str | None = None

    @property
    def tenant(self) -> str | None:
        """Whose rows are seen, of models that have several owners.

        Raises GambrelError for another one while rows of the first are in the session.
        """
        return self._tenant

    @tenant.setter
    def tenant(self, whose: str | None) -> None:
        is_another = self._tenant not in {None, whose}
        if is_another and any(vars(row).get("tenant") == self._tenant for row in self):
            raise another(self._tenant)
        self._tenant = whose

    def get_bind(self, *arguments: Any, **options: Any) -> Any:
        """Return the engine of a statement, where there still is time for one.

        Raises:
            GambrelError: The session is over.
            ServiceUnavailable: The deadline of its request has passed.
        """
        if self.is_over:
            raise over()
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise ServiceUnavailable("The deadline has passed.")
        return super().get_bind(*arguments, **options)

    def _bulk_save_mappings(self, *_arguments: Any, **_options: Any) -> NoReturn:
        raise passes_by()

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
        found: T | None = self.scalars(statement).unique().one_or_none()
        if found is None:
            raise NotFound
        return found

    def create(self, model: type[M], given: Any, **values: Any) -> M:
        """Write a new row from a struct, field by field, and return it with its key.

        `values` are what nobody sends. Raises GambrelError for a field that the model has not.
        """
        row = model(**rows.values_for(model, given, values))
        self.add(row)
        forms.flush_given(self, row, given)
        return row

    def change(self, row: M, given: Any, **values: Any) -> M:
        """Set what a struct has, but for what is UNSET, and write the row."""
        for name, value in rows.values_for(type(row), given, values).items():
            setattr(row, name, value)
        forms.flush_given(self, row, given)
        return row

    @overload
    def save(self, target: type[M], form: SentForm, **values: Any) -> M | None: ...
    @overload
    def save(self, target: M, form: SentForm, **values: Any) -> M | None: ...
    def save(self, target: Any, form: SentForm, **values: Any) -> Any:
        """Write what a form has sent into a new row of a model, or into a row that is there.

        None where the form has faults. What the database refuses becomes one, of its field: a name
        that is taken, a row that somebody else has changed. `values` are what nobody sends.
        """
        stored: dict[str, Any] | None = {}
        model: Any = target if isinstance(target, type) else type(target)
        if files.file_columns(model):
            stored = files.wait_for(self, files.store_sent(self, target, form))
        return None if stored is None else self.save_stored(target, form, values, stored)

    def save_stored(
        self, target: Any, form: SentForm, values: dict[str, Any], stored: dict[str, Any]
    ) -> Any:
        """Write what a form has sent, but for files, which are kept already."""
        row = forms.save(self, target, form, {**stored, **values})
        if row is None:
            files.doom(self, stored.values())
        return row

    def store(self, column: Any, content: Any, *, filename: str = "") -> Any:
        """Keep a file for a column: `hero.photo = db.store(Hero.photo, upload)`.

        It is dropped where this is not committed. Raises ContentTooLarge, UnsupportedMediaType,
        Unprocessable for what is no picture, and StorageFull.
        """
        return files.wait_for(self, files.store(self, column, content, filename))

    def choices(self, statement: Select[Any], label: Any) -> list[tuple[Any, str]]:
        """Return the rows of a statement as choices of a form: their keys and what they are called.

        `label` is a column, or a function of a row.
        """
        return forms.choices_of(self, statement, label)

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
        values: Mapping[str, Any] | Any,
        on: Iterable[Any],
        update: Iterable[str] | None = None,
    ) -> M:
        """Insert a row, or change the one that is equal in `on`, in one statement; return it.

        `values` are a struct, or a mapping. `update` names what is changed: by default all of them
        but those of `on`, nothing for `()`.
        """
        return upserts.upsert(self, model, values, on, update, check_rules)

    def fetch(self, into: type[T], statement: LiteralString, /, **values: Any) -> list[T]:
        """Return the rows of SQL by hand as structs; its `:names` are bound, and nothing else.

        It has to be written in the program: a type checker refuses what is put together of input.
        """
        found = self.execute(text(statement), values)
        return rows.structs_of(into, found.mappings())

    def explain(self, statement: Any, *, analyze: bool = False) -> str:
        """Return how the database would run a statement, as text; with `analyze` it is run.

        Raises GambrelError where a database cannot measure.
        """
        return plans.explain(self, statement, analyze=analyze)

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

    opened_last = LAST
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

    @overload
    async def save(self, target: type[M], form: SentForm, **values: Any) -> M | None: ...
    @overload
    async def save(self, target: M, form: SentForm, **values: Any) -> M | None: ...
    async def save(self, target: Any, form: SentForm, **values: Any) -> Any:
        """Write what a form has sent into a new row of a model, or into a row that is there.

        None where the form has faults. What the database refuses becomes one, of its field: a name
        that is taken, a row that somebody else has changed. `values` are what nobody sends.
        """
        plain = self.sync_session
        stored = await files.store_sent(plain, target, form)
        if stored is None:
            return None
        return await greenlet_spawn(plain.save_stored, target, form, values, stored)

    async def store(self, column: Any, content: Any, *, filename: str = "") -> Any:
        """Keep a file for a column: `hero.photo = await db.store(Hero.photo, upload)`.

        It is dropped where this is not committed. Raises ContentTooLarge, UnsupportedMediaType,
        Unprocessable for what is no picture, and StorageFull.
        """
        return await files.store(self.sync_session, column, content, filename)

    async def choices(self, statement: Select[Any], label: Any) -> list[tuple[Any, str]]:
        """Return the rows of a statement as choices of a form: their keys and what they are called.

        `label` is a column, or a function of a row.
        """
        return await greenlet_spawn(self.sync_session.choices, statement, label)

    @property
    def actor(self) -> str | None:
        """Who writes, for rows that keep it: the key of a user, say."""
        return self.sync_session.actor

    @actor.setter
    def actor(self, who: str | None) -> None:
        self.sync_session.actor = who

    @property
    def tenant(self) -> str | None:
        """Whose rows are seen, of models that have several owners."""
        return self.sync_session.tenant

    @tenant.setter
    def tenant(self, whose: str | None) -> None:
        self.sync_session.tenant = whose

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
        values: Mapping[str, Any] | Any,
        on: Iterable[Any],
        update: Iterable[str] | None = None,
    ) -> M:
        """Insert a row, or change the one that is equal in `on`, in one statement; return it.

        `values` are a struct, or a mapping. `update` names what is changed: by default all of them
        but those of `on`, nothing for `()`.
        """
        return await greenlet_spawn(self.sync_session.upsert, model, values, on, update)

    async def fetch(self, into: type[T], statement: LiteralString, /, **values: Any) -> list[T]:
        """Return the rows of SQL by hand as structs; its `:names` are bound, and nothing else.

        It has to be written in the program: a type checker refuses what is put together of input.
        """
        return await greenlet_spawn(self.sync_session.fetch, into, statement, **values)

    async def explain(self, statement: Any, *, analyze: bool = False) -> str:
        """Return how the database would run a statement, as text; with `analyze` it is run.

        Raises GambrelError where a database cannot measure.
        """
        return await greenlet_spawn(self.sync_session.explain, statement, analyze=analyze)

    def after_commit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Call something once what was written until now is committed, and never if it is not.

        It may be a coroutine function. What fails in it is logged.
        """
        self.sync_session.after_commit(call, *arguments)


event.listen(SyncSession, "do_orm_execute", refuse_lazy_load)
event.listen(SyncSession, "before_flush", hold_rules)
files.listen(SyncSession)


def missing(model: Any) -> str:
    """Return what is said of a row that there is not."""
    words = WORD.sub(" ", model.__name__).lower()
    return f"There is no such {words}."


def another(tenant: str | None) -> GambrelError:
    """Return the error of a session that has rows of one tenant, and is to see those of another."""
    what = f"a session that has rows of the tenant {tenant!r} is given another one"
    hint = "a session for each tenant, or `db.expunge_all()` once all is written"
    return GambrelError("db.tenant", what, "", hint)


def passes_by() -> GambrelError:
    """Return the error of rows that are written past everything that sees to them."""
    what = "rows are written by one of the `bulk_` methods, past rules, tenants and the history"
    hint = "`db.execute(insert(Hero), [{...}, ...])`, which is as fast; or `db.add_all([...])`"
    return GambrelError("db.bulk", what, "", hint)


def over() -> GambrelError:
    """Return the error of a session that is used when its unit of work has ended."""
    return GambrelError(
        "db.session-over",
        "a session is used after its unit of work has ended: it was committed or rolled back",
        "",
        "what runs later opens its own: `async with database.session() as db:`",
    )
