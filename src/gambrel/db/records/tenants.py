"""Tenants: rows of several owners in one table, of which a session sees those of one.

    class Invoice(Tenanted, Model): ...

    async def tenant(request: Request, db: AsyncSession) -> None:
        db.tenant = ...                          # before anything is asked

What a session selects, changes and deletes by models is of its tenant, and what it adds becomes so.
SQL by hand is not looked into.
"""

from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

from gambrel.core.http.errors import GambrelError
from gambrel.db.columns import TEXT
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
    if not Tenanted.__subclasses__() or state.is_column_load:
        return
    if state.execution_options.get(ALL):
        return
    tenant = getattr(state.session, "tenant", None)
    models = [one.class_ for one in state.all_mappers if issubclass(one.class_, Tenanted)]
    if models and tenant is None:
        raise nobody(models[0])
    if state.is_insert:
        if models:
            raise by_statement(models[0])
        return
    own = with_loader_criteria(Tenanted, lambda model: model.tenant == tenant, include_aliases=True)
    state.statement = state.statement.options(own)


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
            if row.tenant != tenant:
                what = f"a {type(row).__name__} of another tenant is written"
                hint = "set `db.tenant` before, and read the row by the same session"
                raise GambrelError("db.tenant", what, "", hint)


def nobody(model: type[Any]) -> GambrelError:
    """Return the error of a session that does not say whose rows it sees."""
    what = f"rows of {model.__name__} are asked for, and the session has no tenant"
    hint = "`db.tenant = ...` in a dependency of the app, or `.execution_options(all_tenants=True)`"
    return GambrelError("db.tenant", what, "", hint)


def by_statement(model: type[Any]) -> GambrelError:
    """Return the error of rows that are inserted without a look at whose they are."""
    what = (
        f"rows of {model.__name__} are inserted by a statement, which does not say whose they are"
    )
    hint = f"`db.add({model.__name__}(...))`, or `.execution_options(all_tenants=True)`"
    return GambrelError("db.tenant", what, "", hint)
