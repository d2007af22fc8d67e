"""Types of columns that keep their word on every database: moments, exact numbers, typed JSON.

`models.py` maps Python's types to them. Each gives back what was put in.
"""

import enum
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Enum, Numeric, String, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import JSON

from gambrel.core.http.errors import GambrelError

__all__ = ["TEXT", "Choice", "Exact", "JSONOf", "Moment", "values_of"]

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
            raise ValueError(f"{value!r} has no offset: write `datetime.now(UTC)`")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return what was kept."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A decimal number of `scale` places, for money; `Mapped[Decimal]` is one with four.

    SQLite knows no decimals: there it is a whole number of the last place, and sorts and sums as it
    should. Raises ValueError for what has more places.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int = 19, scale: int = 4) -> None:
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale

    @property
    def python_type(self) -> type[Any]:
        """What its values are."""
        return Decimal

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Return what the column is on a database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | int | None, dialect: Any) -> Any:
        """Return what is sent."""
        if value is None:
            return None
        exact = Decimal(value)
        kept = exact.quantize(Decimal(1).scaleb(-self.scale))
        if kept != exact:
            raise ValueError(f"{value} has more than {self.scale} places after the point")
        return int(kept.scaleb(self.scale)) if dialect.name == "sqlite" else kept

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        """Return what was kept."""
        if value is None or dialect.name != "sqlite":
            return None if value is None else Decimal(value)
        return Decimal(value).scaleb(-self.scale)


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
        return None if value is None else msgspec.to_builtins(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return what was kept. Raises GambrelError where it is no longer of the type."""
        if value is None:
            return None
        try:
            return msgspec.convert(value, self.kind)
        except msgspec.ValidationError as error:
            what = f"JSON in the database is no {self.kind}: {error}"
            hint = "give new fields a default, or change the rows that are there"
            raise GambrelError("db.json", what, "", hint) from error

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Compare with plain JSON."""
        return self.impl_instance.coerce_compared_value(op, value)


def values_of(kind: type[enum.Enum]) -> list[str]:
    """Return what is kept of the members of an enumeration: their values, if all are text."""
    are_texts = all(isinstance(member.value, str) for member in kind)
    return [member.value if are_texts else member.name for member in kind]


def Choice(kind: Any = enum.Enum) -> Enum:  # noqa: N802 - used as a type
    """A member of an enumeration, kept as text: a new member changes no table.

    Its value is kept where all values are text, else its name.
    """
    return Enum(kind, native_enum=False, length=_ENUM_LENGTH, values_callable=values_of)
