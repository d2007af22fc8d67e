"""Exact numbers, as for money: kept, compared, summed and multiplied the same on every database.

SQLite knows no decimals. There a column is a whole number of its last place: what is added to it is
made one as well, what it is multiplied with is not, and an average is a number of such places.
"""

from decimal import Context, Decimal
from operator import mul, truediv
from typing import Any

from sqlalchemy import (
    BigInteger,
    Float,
    Integer,
    Numeric,
    TypeDecorator,
    literal,
    literal_column,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement, GenericFunction

__all__ = ["Exact", "Unfit"]

DIGITS = 15
"""Decimal digits that are sure in SQLite's numbers with a point."""


class Unfit(ValueError):
    """A value that its column cannot have: answered as a mistake of the client."""


class Exact(TypeDecorator[Decimal]):
    """A decimal number of `scale` places, for money; `Mapped[Decimal]` is one with four.

    SQLite knows no decimals: there it is a whole number of the last place, below 2 to the 63rd, and
    sorts and sums as it should; a product or quotient is rounded to that place. Raises ValueError
    for what has more places, or more digits than `precision` before them.
    """

    impl = Numeric
    cache_ok = True

    class Comparator(TypeDecorator.Comparator[Decimal], Numeric.Comparator[Decimal]):
        """Multiplies and divides."""

        def operate(self, op: Any, *other: Any, **options: Any) -> Any:
            """Return what an operator makes of the number and another."""
            if op not in {mul, truediv}:
                return super().operate(op, *other, **options)
            second = number_of(other[0])
            if isinstance(second.type, Exact):
                if op is truediv:  # how often one is in the other
                    return type_coerce(Amount(self.expr) / Amount(second), Factor())
                second = Amount(second)
            made = super().operate(op, second, **options)
            is_whole = op is mul and isinstance(second.type, Integer)
            return made if is_whole else Whole(made, self.expr.type)

        def reverse_operate(self, op: Any, other: Any, **options: Any) -> Any:
            """Return the same where the number stands on the right."""
            if op is mul:
                return self.operate(op, other, **options)
            if op is truediv:
                return type_coerce(number_of(other) / Amount(self.expr), Factor())
            return super().reverse_operate(op, other, **options)

    comparator_factory = Comparator  # pyright: ignore[reportAssignmentType]

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

    def process_bind_param(self, value: Decimal | float | None, dialect: Any) -> Any:
        """Return what is sent."""
        if value is None:
            return None
        # A float is the number that is written for it: 1.1 of a client is not 1.100000000000000088.
        kept = self.fitted(Decimal(repr(value) if isinstance(value, float) else value))
        return int(kept.scaleb(self.scale)) if dialect.name == "sqlite" else kept

    def fitted(self, number: Decimal) -> Decimal:
        """Return a number with all its places. Raises Unfit, which does not tell the number."""
        before = self.precision - self.scale
        if not number.is_finite() or number.copy_abs() >= Decimal(10) ** before:
            raise Unfit(f"a number has more than {before} places before the point")
        unit = Decimal(1).scaleb(-self.scale)
        kept = number.quantize(unit, context=Context(prec=self.precision + 1))
        if kept != number:
            raise Unfit(f"a number has more than {self.scale} places after the point")
        return kept

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        """Return what was kept."""
        if value is None or dialect.name != "sqlite":
            return None if value is None else Decimal(value)
        return decimal_of(value).scaleb(-self.scale)


class Factor(TypeDecorator[Decimal]):
    """A number that is no amount itself: what one is multiplied with, or divided by."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        """Return what it is for a database."""
        return dialect.type_descriptor(Float() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Return what is sent."""
        return float(value) if dialect.name == "sqlite" and value is not None else value

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        """Return what was computed."""
        return None if value is None else decimal_of(value)


class Whole(FunctionElement[Any]):
    """A product or quotient: on SQLite rounded to the last place of its type."""

    inherit_cache = True
    name = "whole"

    def __init__(self, expression: ColumnElement[Any], kind: Any) -> None:
        super().__init__(expression)
        self.type = kind


class Amount(FunctionElement[Any]):
    """An exact number as a plain one: on SQLite divided by what a whole one is there."""

    inherit_cache = True
    name = "amount"
    type = Factor()

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, literal_column(f"1e{expression.type.scale}"))


@compiles(Whole)
@compiles(Amount)
def render(element: Any, compiler: Any, **options: Any) -> str:
    """Return the expression itself."""
    return f"({compiler.process(next(iter(element.clauses)), **options)})"


@compiles(Whole, "sqlite")
def render_whole(element: Any, compiler: Any, **options: Any) -> str:
    """Return it rounded."""
    return f"CAST(round{render(element, compiler, **options)} AS INTEGER)"


@compiles(Amount, "sqlite")
def render_amount(element: Any, compiler: Any, **options: Any) -> str:
    """Return it divided."""
    expression, unit = (compiler.process(one, **options) for one in element.clauses)
    return f"(({expression}) / {unit})"


class OfItsKind(GenericFunction[Any]):
    """A function of SQL that gives of exact numbers an exact one."""

    _register = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        first = next(iter(self.clauses), None)
        if isinstance(first, ColumnElement) and isinstance(first.type, Exact):
            self.type = first.type


class avg(OfItsKind):  # noqa: N801 - its name in SQL
    """The average."""

    inherit_cache = True


class abs(OfItsKind):  # noqa: A001, N801 - its name in SQL
    """The number without its sign."""

    inherit_cache = True


def number_of(value: Any) -> Any:
    """Return what an exact number is multiplied with as a part of SQL: bound, if it is none yet."""
    if isinstance(value, int):
        return literal(value, Integer())
    if isinstance(value, Decimal | float):
        return literal(value, Factor())
    return value.__clause_element__() if hasattr(value, "__clause_element__") else value


def decimal_of(value: Any) -> Decimal:
    """Return a number of a database as a decimal one."""
    return Decimal(f"{value:.{DIGITS}g}") if isinstance(value, float) else Decimal(value)
