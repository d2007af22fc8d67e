from decimal import Decimal

import pytest
from babel.numbers import format_decimal

from gambrel.i18n.digits import MOST, is_ordinary, written


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**30, "1,000,000,000,000,000,000,000,000,000,000"),
        (1e29, "100,000,000,000,000,000,000,000,000,000"),
        (Decimal("0." + "1" * 40), "0." + "1" * 40),
        (-3, "-3"),
        (0.5, "0.5"),
    ],
)
def test_all_digits_are_written(value, text):
    assert written(format_decimal, value, locale="en", decimal_quantization=False) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e300, "1.00E+300"),
        pytest.param(10**5_000, "1.00E+5000", id="long"),
        (Decimal("-1e1000000"), "-1.00E+1000000"),
        (Decimal("1e-1000000"), "1.00E-1000000"),
        (Decimal("sNaN"), "sNaN"),
    ],
)
def test_what_is_beyond_all_size_is_written_as_machines_do(value, text):
    assert written(format_decimal, value, locale="en") == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_finite_number_is_left_to_the_language(value):
    assert written(format_decimal, value, locale="en") in {"NaN", "∞"}


def test_the_longest_number_is_short():
    longest = Decimal("9" * MOST + "." + "9" * (MOST - 1))

    assert is_ordinary(longest)
    text = written(format_decimal, longest, locale="en", decimal_quantization=False)
    assert text.replace(",", "") == str(longest)
