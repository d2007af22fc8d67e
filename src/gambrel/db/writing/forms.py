"""Forms that are saved: rows from what a visitor has sent, and faults of what is refused.

Any object that is a `SentForm` will do, such as `HTMLForm`: nothing here knows how forms look.
"""

from collections.abc import Collection
from functools import lru_cache
from inspect import isfunction
from typing import Any, Protocol, TypeVar

import msgspec
from sqlalchemy import Select, inspect, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from gambrel.core.http.errors import NotFound, Unprocessable
from gambrel.db.queries.paging import entity_of, keys_of
from gambrel.db.queries.rows import fields_of, values_for
from gambrel.db.writing.clashes import fault_of
from gambrel.db.writing.keys import join, write_key
from gambrel.db.writing.rules import BrokenRules

__all__ = ["SentForm", "choices_of", "flush_given", "save"]

M = TypeVar("M")
STALE = "It was changed by somebody else meanwhile. Send it again to replace that."


class SentForm(Protocol):
    """A form as it was sent: its value, or None; what was typed; and a way to refuse it."""

    value: Any
    texts: dict[str, list[Any]]

    def refuse(self, path: str, message: str, code: str = "custom") -> None:
        """Say what is wrong with a field, or with the form as a whole: it has no value then."""
        ...


def save(session: Session, target: type[M] | M, form: SentForm, values: dict[str, Any]) -> M | None:
    """Write a new row of a model, or change a row; None where the form has no value, or no more.

    Raises NotFound for a row that is gone.
    """
    given = form.value
    if given is None:
        return None
    row: Any = target() if isinstance(target, type) else target
    fields = set(fields_of(type(given)))
    version = version_of(type(row))
    if version in fields and inspect(row).persistent and is_stale(row, version, form):
        return None
    try:
        with session.begin_nested():
            for name, value in {**values_for(type(row), given), **values}.items():
                if name != version:
                    setattr(row, name, value)
            session.add(row)
            session.flush()
            check_deferred(session, type(row))
    except (BrokenRules, DBAPIError, StaleDataError) as error:
        if not refused(form, row, error, fields):
            raise
        if inspect(row).persistent:
            read_again(session, row)
            show_version(row, version, form)
        return None
    return row  # type: ignore[no-any-return]


def read_again(session: Session, row: Any) -> None:
    """Have a row be as it is there. Raises NotFound where somebody has deleted it meanwhile."""
    try:
        session.refresh(row)
    except InvalidRequestError as error:
        raise NotFound("It is not there any more.") from error


def version_of(model: type[Any]) -> str:
    """Return the attribute that counts the versions of a row, or an empty text."""
    mapper = inspect(model)
    column = mapper.version_id_col
    return "" if column is None else mapper.get_property_by_column(column).key


def is_stale(row: Any, version: str, form: SentForm) -> bool:
    """Whether a visitor has seen an older version: then the form says so, and has seen this one."""
    if getattr(form.value, version) == getattr(row, version):
        return False
    form.refuse("", STALE, "stale")
    show_version(row, version, form)
    return True


def show_version(row: Any, version: str, form: SentForm) -> None:
    """Let a form be of the version that is there now."""
    if version in form.texts:
        form.texts[version] = [str(getattr(row, version))]


def check_deferred(session: Session, model: Any) -> None:
    """Let PostgreSQL check now what it would at the end: a form can still be told.

    What is written later in the transaction is checked at its end, as before.
    """
    if session.get_bind(inspect(model)).dialect.name == "postgresql" and is_deferred(model):
        connection = session.connection(bind_arguments={"mapper": inspect(model)})
        with connection.begin_nested() as inner:
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            inner.rollback()


@lru_cache(maxsize=1024)
def is_deferred(model: Any) -> bool:
    """Whether a constraint of a model may be checked at the end of a transaction."""
    tables: Any = inspect(model).tables
    return any(one.deferrable or one.initially for table in tables for one in table.constraints)


def refused(form: SentForm, row: Any, error: Exception, fields: Collection[str]) -> bool:
    """Refuse a form for an error, where it is one of what was sent."""
    wire = wire_names(type(form.value))
    if isinstance(error, StaleDataError):
        form.refuse("", STALE, "stale")
        return True
    if isinstance(error, BrokenRules):
        faults = error.faults if error.row is row else []
        if not faults or any(fault.path not in fields for fault in faults):
            return False
    else:
        fault = fault_of(error, type(row), fields) if isinstance(error, DBAPIError) else None
        faults = [] if fault is None else [fault]
    for fault in faults:
        form.refuse(wire.get(fault.path, fault.path), fault.message, fault.code)
    return bool(faults)


def wire_names(kind: Any) -> dict[str, str]:
    """Return the names of fields in a form, by those in Python, where they differ."""
    if not hasattr(kind, "__struct_fields__"):
        return {}
    return {field.name: field.encode_name for field in msgspec.structs.fields(kind)}


def flush_given(session: Session, row: Any, given: Any) -> None:
    """Write a row of what a client has sent, and say which of its fields are refused.

    Raises Unprocessable for values against the rules; an error of the database says in `faults`
    what is wrong, which makes a better answer.
    """
    fields = set(given) if isinstance(given, dict) else set(fields_of(type(given)))
    try:
        session.flush()
    except BrokenRules as error:
        if error.row is not row or any(fault.path not in fields for fault in error.faults):
            raise
        raise Unprocessable(faults=error.faults) from error
    except DBAPIError as error:
        fault = fault_of(error, type(row), fields)
        if fault is not None:
            error.faults = [fault]  # type: ignore[attr-defined]
        raise


def choices_of(session: Session, statement: Select[Any], label: Any) -> list[tuple[Any, str]]:
    """Return the keys of rows with what people call them, for a choice of a form."""
    entity = entity_of(statement)
    if not isfunction(label):
        keys = [getattr(entity, one.key) for one in keys_of(entity)]
        found = session.execute(statement.with_only_columns(*keys, label))
        return [(key_value(row[:-1]), str(row[-1])) for row in found]
    rows = session.scalars(statement).unique()
    return [(write_key(row), str(label(row))) for row in rows]


def key_value(values: Any) -> Any:
    """Return a key as the value of a choice: of one column as it is."""
    return values[0] if len(values) == 1 else join(values)
