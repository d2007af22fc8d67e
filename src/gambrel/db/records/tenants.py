"""Tenants: rows of several owners in one table, of which a session sees those of one.

    class Invoice(Tenanted, Model): ...

    async def tenant(request: Request, db: AsyncSession) -> None:
        db.tenant = ...                          # before anything is asked

What a session selects, changes and deletes by models is of its tenant, and what it adds becomes so.
SQL by hand is not looked into.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table, event, inspect
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria
from sqlalchemy.sql import visitors

from gambrel.core.http.errors import GambrelError
from gambrel.db.columns import TEXT
from gambrel.db.models import mapped_to
from gambrel.db.sessions import SyncSession

__all__ = ["Tenanted"]

ALL = "all_tenants"


class Tenanted:
    """`tenant`: whose row it is. A session without a tenant is refused such rows.

    `execution_options(all_tenants=True)` on a statement sees all of them.
    """

    tenant: Mapped[str] = mapped_column(TEXT, index=True, sort_order=97)


@event.listens_for(SyncSession, "do_orm_execute")
def see_own(state: ORMExecuteState) -> None:
    """Leave the rows of others out of what is selected, changed and deleted."""
    if not Tenanted.__subclasses__() or state.execution_options.get(ALL):
        return
    models = [one.class_ for one in state.all_mappers if issubclass(one.class_, Tenanted)]
    if models and state.is_column_load:  # of a row that the session has
        return
    tenant = getattr(state.session, "tenant", None)
    if models and tenant is None:
        raise nobody(models[0])
    if not state.is_select:
        for model in passed_by(state):
            raise by_statement(model)
    own = with_loader_criteria(Tenanted, lambda model: model.tenant == tenant, include_aliases=True)
    if not state.is_insert:
        state.statement = state.statement.options(own)


def passed_by(state: ORMExecuteState) -> Iterator[type[Any]]:
    """Yield models whose rows a statement would write, or read, without a look at whose they are.

    SQLAlchemy narrows the table that is changed or deleted from, and subqueries: not what an INSERT
    takes, not the other tables of an UPDATE, not one for each of a list of keys.
    """
    statement: Any = state.statement
    target: Any = state.bind_mapper
    if state.is_insert:
        tables = {one for one in visitors.iterate(statement) if isinstance(one, Table)}
        yield from mapped_to(Tenanted, tables)
    elif target is not None and (state.is_update or state.is_delete):
        given = {**(getattr(statement, "_values", None) or {})}
        clauses = [*statement._where_criteria, *given.values()]  # noqa: SLF001 - no other way
        tables = {one for clause in clauses for one in getattr(clause, "_from_objects", ())}
        yield from (one for one in mapped_to(Tenanted, tables) if one is not target.class_)
        if issubclass(target.class_, Tenanted) and state.is_update:
            is_many = isinstance(state.parameters, list)
            sent: Any = () if is_many else state.parameters or ()
            names = {*given, *sent}
            if is_many or "tenant" in {getattr(name, "key", name) for name in names}:
                yield target.class_


@event.listens_for(SyncSession, "before_flush")
def keep_own(session: Session, _context: Any, _objects: Any) -> None:
    """Give new rows their tenant. Raises GambrelError for a row of another one."""
    tenant = getattr(session, "tenant", None)
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, Tenanted):
            if tenant is None:
                raise nobody(type(row))
            if row.tenant is None:
                row.tenant = tenant
            before = inspect(row).attrs.tenant.history.deleted or [tenant]
            if not row.tenant == tenant == before[0]:
                what = f"a {type(row).__name__} of another tenant is written"
                hint = "set `db.tenant` before, and read the row by the same session"
                raise GambrelError("db.tenant", what, "", hint)


def nobody(model: type[Any]) -> GambrelError:
    """Return the error of a session that does not say whose rows it sees."""
    what = f"rows of {model.__name__} are asked for, and the session has no tenant"
    hint = "`db.tenant = ...` in a dependency of the app, or `.execution_options(all_tenants=True)`"
    return GambrelError("db.tenant", what, "", hint)


def by_statement(model: type[Any]) -> GambrelError:
    """Return the error of rows that are written without a look at whose they are."""
    what = (
        f"rows of {model.__name__} are taken or written by a statement that does not see to whose "
        "they are"
    )
    hint = f"by objects, `db.add({model.__name__}(...))`; by `.where(...in_(select(...)))`; or "
    hint += "`.execution_options(all_tenants=True)`, with a condition of your own"
    return GambrelError("db.tenant", what, "", hint)
