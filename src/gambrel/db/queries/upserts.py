"""Insert, or change what is there: in one statement, as each kind of database has it."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from gambrel.db.queries.rows import check_names

__all__ = ["upsert"]

M = TypeVar("M")
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def upsert(
    session: Session,
    model: type[M],
    values: Mapping[str, Any],
    on: Iterable[Any],
    update: Iterable[str] | None,
) -> M:
    """Insert a row or change the one that is equal in `on`; return it."""
    keys = [one if isinstance(one, str) else one.key for one in on]
    changed = [name for name in values if name not in keys] if update is None else list(update)
    check_names(model, [*values, *keys, *changed], "the upsert")
    session.flush()  # what was added before is there for the statement
    dialect = session.get_bind(inspect(model)).dialect.name
    columns = {name: inspect(model).attrs[name].columns[0].name for name in [*values, *keys]}
    given = {columns[name]: value for name, value in values.items()}
    if dialect in _INSERT:
        statement = _INSERT[dialect](model).values(given)
        targets = [columns[name] for name in keys]
        if changed:
            new = {columns[name]: statement.excluded[columns[name]] for name in changed}
            statement = statement.on_conflict_do_update(index_elements=targets, set_=new)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=targets)
    else:
        statement = mysql.insert(model).values(given)
        same = changed or keys[:1]
        new = {columns[name]: statement.inserted[columns[name]] for name in same}
        statement = statement.on_duplicate_key_update(new)
    session.execute(statement)
    equal = [getattr(model, name) == values[name] for name in keys]
    found = session.scalars(select(model).where(*equal).execution_options(populate_existing=True))
    return found.one()
