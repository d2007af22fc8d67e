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

from sqlalchemy import Column, MetaData

from gambrel.core.http.errors import GambrelError

__all__ = ["KINDS", "anonymous"]

MARK = "personal"
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
    columns = [column for table in metadata.tables.values() for column in table.columns]
    marked = {column: column.info[MARK] for column in columns if MARK in column.info}
    hint = f'`mapped_column(info={{"{MARK}": "email"}})`; there are {", ".join(KINDS)}'
    if not marked:
        what = "no column says that it is about a person"
        raise GambrelError("db.anonymous", what, "--anonymous", hint)
    for column, kind in marked.items():
        if kind not in KINDS or (kind == "nothing" and not column.nullable):
            what = f"{column} is marked as {kind!r}, which it cannot be replaced by"
            raise GambrelError("db.anonymous", what, str(column), hint)
    key = secrets.token_bytes(32)

    def change(column: Column[Any], value: Any) -> Any:
        kind = marked.get(column)
        if kind is None:
            return value
        code = hmac.digest(key, str(value).encode(), hashlib.sha256).hex()[:12]
        made = KINDS[kind](code)
        length = getattr(column.type, "length", None)
        return made if made is None or length is None else made[:length]

    return change
