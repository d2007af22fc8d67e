"""The history of rows: who has changed what, when, from what and to what.

    class Change(ChangeLog, Model): ...          # the table of all changes

    class Hero(Recorded, Model): ...             # a model whose rows are recorded

Each change is written in the transaction that makes it: both are there, or neither.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Integer, Select, event, insert, inspect, select
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, UOWTransaction, mapped_column
from sqlalchemy.types import JSON

from gambrel.core.http.errors import GambrelError
from gambrel.db.columns import TEXT, Moment
from gambrel.db.parts import now
from gambrel.db.sessions import SyncSession
from gambrel.db.writing.keys import write_key

__all__ = ["ChangeLog", "Recorded", "history_of"]

UNRECORDED = "unrecorded"
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
    An UPDATE or DELETE of many rows is refused, as it passes by: change them one by one, or say
    `execution_options(unrecorded=True)`.
    """


def history_of(log: type[Any], row: Any) -> Select[Any]:
    """Return the statement of the changes of a row, the first of them first."""
    model = type(row).__name__
    return select(log).where(log.model == model, log.row == write_key(row)).order_by(log.id)


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


@event.listens_for(SyncSession, "after_flush")
def record(session: Session, _context: UOWTransaction) -> None:
    """Write what a flush has written."""
    for rows, action in (
        (session.new, "create"),
        (session.dirty, "change"),
        (session.deleted, "delete"),
    ):
        for row in rows:
            if isinstance(row, Recorded):
                changes = changes_of(row, action)
                if changes:
                    session.execute(
                        insert(log_of(type(row)).__table__).values(
                            at=now(),
                            actor=getattr(session, "actor", None),
                            action=action,
                            model=type(row).__name__,
                            row=write_key(row),
                            changes=changes,
                        )
                    )


def changes_of(row: Any, action: str) -> Mapping[str, Any]:
    """Return the old and the new value of what was written, by attribute."""
    state = inspect(row)
    found = {}
    for prop in state.mapper.column_attrs:
        history = state.attrs[prop.key].history
        new = state.dict.get(prop.key)
        if action == "create":
            pair = (None, new)
        elif action == "delete":
            pair = (history.deleted[0] if history.deleted else new, None)
        elif history.has_changes():
            pair = (history.deleted[0] if history.deleted else None, new)
        else:
            continue
        if pair != (None, None):
            found[prop.key] = hidden(pair) if is_secret(prop) else list(map(plain, pair))
    return found


def is_secret(prop: Any) -> bool:
    """Whether the values of an attribute are nobody's business."""
    said = prop.columns[0].info.get("secret")
    return bool(_SECRET.search(prop.key)) if said is None else bool(said)


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
