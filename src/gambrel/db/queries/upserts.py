"""Insert, or change what is there: in one statement, as each kind of database has it."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session

from gambrel.core.http.errors import Conflict, GambrelError
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
    check_keys(model, values, keys)
    if (
        getattr(model, "is_signed", False)
        and (actor := getattr(session, "actor", None)) is not None
    ):
        values = {"created_by": actor, "updated_by": actor, **values}
        changed += ["updated_by"] if changed else []
    session.flush()  # what was added before is there for the statement
    dialect = session.get_bind(inspect(model)).dialect.name
    columns = {name: inspect(model).attrs[name].columns[0].name for name in [*values, *keys]}
    given = {columns[name]: value for name, value in values.items()}
    names = [columns[name] for name in changed]
    if dialect in _INSERT:
        statement = _INSERT[dialect](model).values(given)
        targets = [columns[name] for name in keys]
        if changed:
            new = {name: statement.excluded[name] for name in names} | kept_up(model, names)
            statement = statement.on_conflict_do_update(index_elements=targets, set_=new)
        else:
            statement = statement.on_conflict_do_nothing(index_elements=targets)
    else:
        statement = mysql.insert(model).values(given)
        same = names or [columns[keys[0]]]
        new = {name: statement.inserted[name] for name in same}
        new |= kept_up(model, names) if changed else {}
        statement = statement.on_duplicate_key_update(new)
    session.execute(statement)
    return found(session, model, {name: values[name] for name in keys})


def check_keys(model: type[Any], values: Mapping[str, Any], keys: list[str]) -> None:
    """Raise GambrelError where what a row is known by has no value: nothing equals that."""
    for name in keys:
        if values.get(name) is None:
            what = f"the upsert of {model.__name__} has no value for {name!r}, and is `on` it"
            raise GambrelError("db.fields", what, "", f"give one: {{{name!r}: ...}}")


def kept_up(model: type[Any], given: list[str]) -> dict[str, Any]:
    """Return what else a change changes: the version of a row, and when it was."""
    mapper = inspect(model)
    version, changed = mapper.version_id_col, {}
    for column in mapper.local_table.columns:
        if column.name in given:
            continue
        if column is version:
            changed[column.name] = column + 1
        elif column.onupdate is not None:
            made = column.onupdate.arg
            changed[column.name] = made(None) if column.onupdate.is_callable else made
    return changed


def found(session: Session, model: type[M], equal: Mapping[str, Any]) -> M:
    """Return the row that was written. Raises Conflict where another one stood in its way."""
    wanted = select(model).filter_by(**equal)
    options = {"populate_existing": True, "include_deleted": True}
    row = session.scalars(wanted.execution_options(**options)).unique().one_or_none()
    if row is None:  # of MariaDB, to which all unique keys are alike
        raise Conflict("It is there already, under another name.")
    return row
