"""The history of rows: who has changed what, when, from what and to what.

    class Change(ChangeLog, Model): ...          # the table of all changes

    class Hero(Recorded, Model): ...             # a model whose rows are recorded

Each change is written in the transaction that makes it: both are there, or neither.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ClauseElement,
    Column,
    Integer,
    Select,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, UOWTransaction, mapped_column
from sqlalchemy.types import JSON

from gambrel.core.http.errors import GambrelError
from gambrel.db.columns import TEXT, Moment
from gambrel.db.parts import DELETED, now
from gambrel.db.records.tenants import ALL
from gambrel.db.sessions import SyncSession
from gambrel.db.writing.flushes import written
from gambrel.db.writing.keys import key_of, write_key

__all__ = ["ChangeLog", "Recorded", "history_of"]

UNRECORDED = "unrecorded"
COMPUTED = "gambrel.computed"
HIDDEN = "***"
_SECRET = re.compile(r"passw|secret|token|api_?key|credential", re.IGNORECASE)
_NAMES = {"personal": "text", "copies": True}  # a copy without persons has none of here either
_KEY = BigInteger().with_variant(Integer(), "sqlite")  # of which only the last counts by itself


class ChangeLog:
    """A table of changes: `class Change(ChangeLog, Model)`, one for all models of a metadata.

    `changes` has the old and the new value of each attribute that has changed; of a new row the
    old ones are None, of a deleted one the new ones. `row` is the key as `write_key` writes it.
    """

    id: Mapped[int] = mapped_column(_KEY, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment(), default=now, index=True)
    actor: Mapped[str | None] = mapped_column(TEXT, info=_NAMES)
    action: Mapped[str] = mapped_column(TEXT)
    model: Mapped[str] = mapped_column(TEXT)
    row: Mapped[str] = mapped_column(TEXT, index=True, info=_NAMES)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON, info={**_NAMES, "personal": "secret"})


class Recorded:
    """A model whose changes are kept, as long as there is a `ChangeLog` beside it.

    What is secret is kept as `***`: what is called so, and `mapped_column(info={"secret": True})`.
    An old value is None where it was not loaded. What the database deletes by itself, and rows of a
    table between two models, are not heard of.
    An UPDATE or DELETE of many rows is refused, as it passes by: change them one by one, or say
    `execution_options(unrecorded=True)`.
    """


def history_of(log: type[Any], row: Any) -> Select[Any]:
    """Return the statement of the changes of a row, the first of them first."""
    model = type(row).__name__
    return select(log).where(log.model == model, log.row == write_key(row)).order_by(log.id)


@lru_cache(maxsize=1024)
def log_of(model: Any) -> Any:
    """Return the log of a model. Raises GambrelError where there is none, or more than one."""
    found = [
        mapper.class_
        for mapper in model.registry.mappers
        if issubclass(mapper.class_, ChangeLog) and mapper.inherits is None
    ]
    if len(found) != 1:
        what = f"{model.__name__} is recorded, and there are {len(found)} logs beside it"
        hint = "`class Change(ChangeLog, Model): ...`, once for each base of models"
        raise GambrelError("db.change-log", what, "", hint)
    return found[0]


@event.listens_for(SyncSession, "before_flush")
def note_computed(session: Session, _context: UOWTransaction, _objects: Any) -> None:
    """Note what was where the database will compute what is: it is forgotten as it is written."""
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Recorded):
            state = inspect(row)
            for key in columns_of(row):
                if isinstance(state.dict.get(key), ClauseElement):
                    gone = state.attrs[key].history.deleted
                    noted = session.info.setdefault(COMPUTED, {}).setdefault(state, {})
                    noted[key] = gone[0] if gone else None


@event.listens_for(SyncSession, "after_flush")
def record(session: Session, context: UOWTransaction) -> None:
    """Write what a flush has written."""
    noted = session.info.pop(COMPUTED, {})
    found: dict[Any, list[dict[str, Any]]] = {}
    for row, action in written(session, context):
        if isinstance(row, Recorded):
            model: Any = type(row)
            computed = {} if action == "delete" else noted.get(inspect(row), {})
            changes = changes_of(row, action, read_computed(session, row, computed))
            if changes:
                change = {
                    "at": now(),
                    "actor": getattr(session, "actor", None),
                    "action": action,
                    "model": model.__name__,
                    "row": write_key(row),
                    "changes": changes,
                }
                found.setdefault(log_of(model).__table__, []).append(change)
    for table, rows in found.items():
        session.execute(insert(table), rows)


def read_computed(session: Session, row: Any, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the old and the new value of what the database has computed."""
    if not before:
        return {}
    model: Any = type(row)
    keys = zip(inspect(model).primary_key, key_of(row), strict=True)
    statement = select(*(getattr(model, key) for key in before))
    statement = statement.where(*(column == value for column, value in keys))
    options = {DELETED: True, ALL: True}
    values = session.execute(statement.execution_options(**options)).one()
    return {key: (old, new) for (key, old), new in zip(before.items(), values, strict=True)}


def changes_of(row: Any, action: str, computed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the old and the new value of what was written, by attribute."""
    state = inspect(row)
    found = {}
    for key, column in columns_of(row).items():
        history = state.attrs[key].history
        new = state.dict.get(key)
        if key in computed:
            pair = computed[key]
        elif action == "create":
            pair = (None, new)
        elif action == "delete":
            pair = (history.deleted[0] if history.deleted else new, None)
        elif history.has_changes():
            pair = (history.deleted[0] if history.deleted else None, new)
        else:
            continue
        if pair != (None, None):
            found[key] = hidden(pair) if is_secret(key, column) else list(map(plain, pair))
    return found


def columns_of(row: Any) -> dict[str, Any]:
    """Return the columns of a row by attribute, without what is only computed as it is loaded."""
    pairs = ((prop.key, prop.columns[0]) for prop in inspect(type(row)).column_attrs)
    return {key: column for key, column in pairs if isinstance(column, Column)}


def is_secret(key: str, column: Any) -> bool:
    """Whether the values of an attribute are nobody's business."""
    said = column.info.get("secret")
    return bool(_SECRET.search(key)) if said is None else bool(said)


def hidden(pair: tuple[Any, Any]) -> list[Any]:
    """Return that there was a value, and is one, and not which."""
    return [None if value is None else HIDDEN for value in pair]


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    return msgspec.to_builtins(value, enc_hook=str)


@event.listens_for(SyncSession, "do_orm_execute")
def refuse_unrecorded(state: ORMExecuteState) -> None:
    """Raise GambrelError for a statement that changes rows of which nobody would know."""
    mapper: Any = state.bind_mapper
    if state.is_select or mapper is None or not issubclass(mapper.class_, Recorded):
        return
    is_statement = state.is_update or state.is_delete or state.is_insert
    if is_statement and not state.execution_options.get(UNRECORDED):
        name = mapper.class_.__name__
        what = f"a statement writes rows of {name}, which is recorded, and would not be in its log"
        hint = f"write them as objects: `db.add({name}(...))`, `row.name = ...`; or "
        hint += "`.execution_options(unrecorded=True)`"
        raise GambrelError("db.unrecorded", what, "", hint)
