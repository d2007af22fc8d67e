"""Types of columns that keep their word on every database: moments, exact numbers, typed JSON.

`models.py` maps Python's types to them. Each gives back what was put in.
"""

import enum
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import DateTime, Enum, String, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import JSON

from gambrel.core.http.errors import GambrelError
from gambrel.db.exact import Exact

__all__ = ["TEXT", "Choice", "Exact", "JSONOf", "Moment", "TextOf", "values_of"]

TEXT = String().with_variant(String(255), "mysql", "mariadb")  # which know no text without an end
_ENUM_LENGTH = 64


class Moment(TypeDecorator[datetime]):
    """A moment with its offset, kept in UTC; `Mapped[datetime]` is one.

    Raises ValueError for one without an offset: nobody could say when it was.
    """

    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """What its values are."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return what is sent."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment has no offset: write `datetime.now(UTC)`")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return what was kept."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JSONOf(TypeDecorator[Any]):
    """JSON of a type: `address: Mapped[Address] = mapped_column(JSONOf(Address))`.

    The type is a struct, a list of them, whatever a body may be. A value is replaced as a whole:
    what changes inside of one is not seen, so let the struct be frozen.
    """

    impl = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Return what is sent."""
        return None if value is None else msgspec.to_builtins(value, str_keys=True)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return what was kept. Raises GambrelError where it is no longer of the type."""
        if value is None:
            return None
        try:
            return msgspec.convert(value, self.kind, str_keys=True)
        except msgspec.ValidationError as error:
            what = f"JSON in the database is no {self.kind}: {error}"
            hint = "give new fields a default, or change the rows that are there"
            raise GambrelError("db.json", what, "", hint) from error

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Compare with plain JSON."""
        return self.impl_instance.coerce_compared_value(op, value)


class TextOf(TypeDecorator[Any]):
    """A value kept as its text: `ip: Mapped[IPv4Address] = mapped_column(TextOf(IPv4Address))`.

    `str(value)` is what is kept, and the type called with that text gives the value again.
    """

    impl = TEXT
    cache_ok = True

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self.kind = kind

    @property
    def python_type(self) -> type[Any]:
        """What its values are."""
        return self.kind  # type: ignore[no-any-return]  # a class

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Return what is sent. Raises ValueError for what is no such value."""
        return None if value is None else str(self.kind(str(value)))

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        """Return what was kept."""
        return None if value is None else self.kind(value)


def values_of(kind: type[enum.Enum]) -> list[str]:
    """Return what is kept of the members of an enumeration: their values, if all are text."""
    are_texts = all(isinstance(member.value, str) for member in kind)
    return [member.value if are_texts else member.name for member in kind]


def Choice(kind: Any = enum.Enum) -> Enum:  # noqa: N802 - used as a type
    """A member of an enumeration, kept as text: a new member changes no table.

    Its value is kept where all values are text, else its name.
    """
    return Enum(kind, native_enum=False, length=_ENUM_LENGTH, values_callable=values_of)
