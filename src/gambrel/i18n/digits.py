"""Numbers of any ordinary size, written with all their digits: Babel alone has 28, or fails.

What is beyond that size is written as machines do: no page is made of millions of zeros.
"""

from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from typing import Any

__all__ = ["Number", "is_ordinary", "written"]

Number = int | float | Decimal
MOST = 200
"""Digits in front of the point, and behind it."""
_WIDE = Context(prec=4 * MOST, Emax=MAX_EMAX, Emin=MIN_EMIN)


def is_ordinary(number: Decimal) -> bool:
    """Whether a number can be written out."""
    if not number.is_finite():
        return not number.is_snan()
    exponent = number.as_tuple().exponent
    return number.adjusted() < MOST and isinstance(exponent, int) and exponent > -MOST


def written(write: Callable[..., str], value: Number, *arguments: Any, **options: Any) -> str:
    """Return a number as a function of Babel's writes it."""
    number = Decimal(value if isinstance(value, int | Decimal) else str(value))
    if not is_ordinary(number):
        return f"{number:.2E}"
    with localcontext(_WIDE):
        return write(number, *arguments, **options)
