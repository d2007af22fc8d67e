"""Copies without persons: values of columns that are marked are replaced, alike ones alike.

    email: Mapped[str] = mapped_column(info={"personal": "email"})

What replaces a value is computed from it with a key that is thrown away, so that joins and unique
columns still hold and nobody can compute the way back.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import Column, Enum, MetaData

from gambrel.core.http.errors import GambrelError
from gambrel.db.transfer.values import codec_of

__all__ = ["KINDS", "anonymous"]

MARK = "personal"
COPIES = "copies"
"""Of a column that has values of others, and says nothing of persons by itself."""
KINDS: dict[str, Callable[[str], Any]] = {
    "email": lambda code: f"{code}@example.invalid",
    "name": lambda code: f"Person {code}",
    "phone": lambda code: f"+{int(code, 16) % 10**12:012d}",
    "text": lambda code: code,
    "secret": lambda _code: "",
    "nothing": lambda _code: None,
}


def anonymous(metadata: MetaData) -> Callable[[Column[Any], Any], Any]:
    """Return what replaces values in a dump. Raises GambrelError where no column is marked."""
    marked = marked_in(metadata)
    if all(column.info.get(COPIES) for column in marked):
        raise wrong("no column says that it is about a person", "--anonymous")
    for column, kind in marked.items():
        if not fits(column, kind):
            raise wrong(f"{column} is marked as {kind!r}, which it cannot be replaced by", column)
    key = secrets.token_bytes(32)

    def change(column: Column[Any], value: Any) -> Any:
        kind = marked.get(column)
        if kind is None:
            return value
        if isinstance(value, list):  # JSON
            return None if kind == "nothing" else [{}]
        code = hmac.digest(key, str(value).encode(), hashlib.sha256).hex()[:12]
        made = KINDS[kind](code)
        length = getattr(column.type, "length", None)
        return made if made is None or length is None else made[:length]

    return change


def marked_in(metadata: MetaData) -> dict[Column[Any], str]:
    """Return the columns that are marked, and those that refer to one: they have its values."""
    columns = [column for table in metadata.tables.values() for column in table.columns]
    marked = {column: column.info[MARK] for column in columns if MARK in column.info}
    waiting = [*marked]
    for target in waiting:  # grows on the way
        for column in columns:
            if column not in marked and any(key.column is target for key in column.foreign_keys):
                marked[column] = marked[target]
                waiting.append(column)
    return marked


def fits(column: Column[Any], kind: str) -> bool:
    """Say whether a column can have what replaces its values: texts, in a column of texts."""
    if kind not in KINDS:
        return False
    if kind == "nothing":
        return bool(column.nullable)
    holds = codec_of(column).kind
    if kind == "secret":  # nobody's, and so everybody's: no key
        return holds in {"str", "json"} and not (column.unique or column.primary_key)
    return holds == "str" and not isinstance(column.type, Enum)


def wrong(what: str, where: Any) -> GambrelError:
    """Return the error of a copy that would show somebody, or could not be loaded."""
    hint = f'`mapped_column(info={{"{MARK}": "email"}})`; there are {", ".join(KINDS)}'
    return GambrelError("db.anonymous", what, str(where), hint)
