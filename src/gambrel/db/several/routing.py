"""One session for several databases: each model to its own, and their commits one after the other.

There is no commit for all at once: what can be refused is refused before the first one, and the
database of the session itself comes last. `extension.py` gives apps with such databases this class.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import MetaData, Table, inspect
from sqlalchemy.sql import visitors

from gambrel.core.http.threads import in_thread
from gambrel.db.sessions import SyncSession

__all__ = ["InOrder", "begin_plain", "in_order", "route"]


class InOrder(SyncSession):
    """A session of several databases: tables in `routes` are elsewhere.

    The others are committed first, in their order, its own last.
    """

    routes: Mapping[MetaData, Any] = {}
    """Engines by the tables that are there; in tests connections."""

    def get_bind(
        self, mapper: Any = None, *, clause: Any = None, bind: Any = None, **options: Any
    ) -> Any:
        """Return the engine of a statement, by its model or its first table."""
        if bind is None:
            bind = self.routes.get(tables_of(mapper, clause))  # type: ignore[arg-type]  # or None
        return super().get_bind(mapper, clause=clause, bind=bind, **options)

    def commit(self) -> None:
        """Write what is left everywhere, then commit one database after the other."""
        while (nested := self.get_nested_transaction()) is not None:
            nested.commit()
        self.flush()  # what a constraint refuses is refused before anything is committed
        transaction = self.get_transaction()
        if transaction is not None:
            commit_others(transaction, self.routes)
        super().commit()


def tables_of(mapper: Any, clause: Any) -> MetaData | None:
    """Return among which tables those of a model or a statement are; None of text."""
    if mapper is not None:
        found: MetaData = inspect(mapper).local_table.metadata
        return found
    parts = () if clause is None else visitors.iterate(clause)
    return next((part.metadata for part in parts if isinstance(part, Table)), None)


def commit_others(transaction: Any, routes: Mapping[MetaData, Any]) -> None:
    """Commit what a transaction has begun elsewhere, and have it know that this is done."""
    begun = transaction._connections  # noqa: SLF001 - SQLAlchemy commits them in no order
    for other in routes.values():
        connection, own, should_commit, closes = begun.get(other, (None, None, False, False))
        if should_commit:
            own.commit()
            begun[connection.engine] = begun[connection] = (connection, own, False, closes)


async def route(session: Any, others: Iterable[Any], wish: Mapping[str, Any]) -> None:
    """Have an async session find the models of other databases, on engines as it wishes."""
    session.routes = {}
    for other in others:
        if other.trial is None:
            session.routes[other.metadata] = other.engine_for(**wish).sync_engine
        else:
            session.routes[other.metadata] = (await other.trial.for_async()).sync_connection


async def begin_plain(trials: Iterable[Any]) -> None:
    """Begin the transactions of a test for threads, where there is one."""
    for trial in trials:
        if trial is not None:
            await in_thread(trial.for_plain)


def in_order(base: type[SyncSession]) -> type[SyncSession]:
    """Return a class of sessions that commits in order, and is else like another."""
    return base if issubclass(base, InOrder) else type(base.__name__, (InOrder, base), {})
