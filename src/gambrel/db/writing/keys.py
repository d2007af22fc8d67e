"""Primary keys as text, of several columns too: for addresses, choices and the log of changes."""

from typing import Any
from urllib.parse import quote, unquote

import msgspec
from sqlalchemy import inspect

from gambrel.core.http.errors import NotFound
from gambrel.db.columns import TextOf

__all__ = ["key_of", "read_key", "write_key"]


def key_of(row: Any) -> tuple[Any, ...]:
    """Return the primary key of a row, as `get` takes it."""
    mapper: Any = inspect(type(row))
    return tuple(mapper.primary_key_from_instance(row))


def write_key(row: Any) -> str:
    """Return the primary key of a row as text: `7`, or `7,de` where it has two columns."""
    return join(key_of(row))


def join(values: Any) -> str:
    """Return the values of a key as text."""
    return ",".join(
        quote(str(msgspec.to_builtins(value, enc_hook=str)), safe="") for value in values
    )


def read_key(model: type[Any], text: str) -> tuple[Any, ...]:
    """Return the primary key that `write_key` has written. Raises NotFound for what is none."""
    columns = inspect(model).primary_key
    parts = text.split(",")
    if len(parts) != len(columns):
        raise NotFound
    pairs = zip(parts, columns, strict=True)
    try:
        return tuple(value_of(column, unquote(part)) for part, column in pairs)
    except ValueError:  # that of msgspec too
        raise NotFound from None


def value_of(column: Any, text: str) -> Any:
    """Return the value of a column that is written so. Raises ValueError for none."""
    if isinstance(column.type, TextOf):
        return column.type.kind(text)
    return msgspec.convert(text, column.type.python_type, strict=False)
