from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import annotated_types as at
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from gambrel.conversion.adapters import STANDARD_CODECS
from gambrel.conversion.errors import GambrelError
from gambrel.conversion.text import (
    ConversionError,
    text_converter,
    texts_converter,
    to_bool,
    to_decimal,
    to_float,
    to_int,
    value_checker,
)

Price = NewType("Price", Decimal)


class Colour(Enum):
    RED = "red"
    BLUE = 2


@given(st.integers())
def test_every_whole_number_is_read_back(number: int) -> None:
    assert to_int(str(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "--1",
        " 1",
        "1 ",
        "+1",
        "010",
        "-01",
        "1_000",
        "1e3",
        "1.0",
        "0x1",
        "١٢٣",
        "²",
        "1\n",
    ],
)
def test_a_whole_number_has_json_grammar(text: str) -> None:
    with pytest.raises(ConversionError, match="must be a whole number") as caught:
        to_int(text)

    assert caught.value.code == "type"


def test_a_whole_number_has_as_many_digits_as_in_json() -> None:
    with pytest.raises(ConversionError, match="at most 4300 digits") as caught:
        to_int("9" * 4_301)

    assert caught.value.code == "range"
    assert to_int("-" + "9" * 4_300) == -(10**4_300 - 1)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_back(number: float) -> None:
    assert to_float(repr(number)) == number


@pytest.mark.parametrize(
    "text",
    ["nan", "inf", "-Infinity", "1_0", " 1", "1.", ".5", "+1", "01", "\u0661", "1e", "1\n", ""],
)
def test_a_float_has_json_grammar(text: str) -> None:
    with pytest.raises(ConversionError, match="must be a number"):
        to_float(text)
    with pytest.raises(ConversionError, match="must be a decimal number"):
        to_decimal(text)


def test_a_float_that_overflows_is_refused() -> None:
    with pytest.raises(ConversionError, match="ordinary size"):
        to_float("1e999")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("ON", True), ("1", True), ("Yes", True), ("off", False), ("0", False)],
)
def test_a_bool_is_what_forms_and_people_write(text: str, expected: bool) -> None:
    assert to_bool(text) is expected


def test_other_words_are_no_bool() -> None:
    with pytest.raises(ConversionError, match="must be true or false"):
        to_bool("2")


@pytest.mark.parametrize(
    ("annotation", "text", "expected"),
    [
        (str, " as it is ", " as it is "),
        (Any, "x", "x"),
        (int | None, "5", 5),
        (bytes, "eA==", b"x"),
        (UUID, "00000000-0000-0000-0000-000000000001", UUID(int=1)),
        (datetime, "2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (Annotated[datetime, Meta(tz=False)], "2026-01-31T12:00:00", datetime(2026, 1, 31, 12)),  # noqa: DTZ001
        (date, "2026-01-31", date(2026, 1, 31)),
        (time, "12:30:00", time(12, 30)),
        (Annotated[time, Meta(tz=True)], "12:30:00Z", time(12, 30, tzinfo=UTC)),
        (timedelta, "PT1H30M", timedelta(minutes=90)),
        (Decimal, "1.50", Decimal("1.50")),
        (Price, "2", Decimal(2)),
        (Colour, "red", Colour.RED),
        (Colour, "2", Colour.BLUE),
        (Literal["a", 1], "1", 1),
        (int | str, "7", 7),
        (str | int, "7", 7),
        (str | int, "x", "x"),
        (Annotated[int, Meta(ge=1), at.Lt(9)], "8", 8),
        (IPv4Address, "127.0.0.1", IPv4Address("127.0.0.1")),
    ],
)
def test_a_scalar_is_made_from_text(annotation: Any, text: str, expected: Any) -> None:
    value = text_converter(annotation, STANDARD_CODECS)(text)

    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "text", "code", "message"),
    [
        (datetime, "2026-01-31T12:00:00", "format", "must have a time zone, such as Z or +02:00"),
        (Annotated[datetime, Meta(tz=True)], "2026-01-31T12:00:00", "format",
         "must have a time zone, such as Z or +02:00"),
        (time, "12:30:00Z", "format", "must not have a time zone"),
        (datetime, "yesterday", "format", "must be a date and time such as 2026-01-31T12:00:00Z"),
        (timedelta, "P1Y", "format", "must be an ISO 8601 duration such as PT1H30M"),
        (UUID, "1", "format", "must be a UUID"),
        (Decimal, "1e500", "format", "must be a finite number of ordinary size"),
        (Colour, "02", "enum", "must be one of red, 2"),
        (Literal["a", None], "None", "enum", "must be one of a"),
        (Annotated[int, Meta(ge=1)] | None, "0", "range", "must be at least 1"),
        (Annotated[int | None, Meta(ge=1)], "0", "range", "must be at least 1"),
        (Annotated[int, at.Interval(gt=1, le=3)], "1", "range", "must be greater than 1"),
        (Annotated[str, at.Len(2, 3)], "x", "length", "must have at least 2 characters"),
        (Annotated[str, Meta(pattern="^a$")], "b", "pattern", "must match the pattern ^a$"),
        (Annotated[str, at.Predicate(str.isupper)], "b", "custom", "is not acceptable"),
        (int | bool, "x", "union", "has none of the accepted types"),
        (IPv4Address, "010.8.8.8", "format", "has the wrong form"),
    ],
)  # fmt: skip
def test_text_that_is_no_such_value_is_refused_with_a_reason(
    annotation: Any, text: str, code: str, message: str
) -> None:
    with pytest.raises(ConversionError) as caught:
        text_converter(annotation, STANDARD_CODECS)(text)

    assert (caught.value.code, caught.value.message) == (code, message)


@given(st.text(max_size=30))
def test_no_text_breaks_a_converter(text: str) -> None:
    for annotation in (int, float, bool, Decimal, UUID, datetime, date, time, timedelta, bytes):
        try:
            value = text_converter(annotation)(text)
        except ConversionError as error:
            text_of_error = str(error)
            assert text_of_error
        else:
            assert isinstance(value, annotation)


@pytest.mark.parametrize(
    ("annotation", "texts", "expected"),
    [
        (list[int], ["1", "2"], [1, 2]),
        (list[int] | None, ["1"], [1]),
        (set[int], ["1", "1"], {1}),
        (frozenset[str], ["a"], frozenset({"a"})),
        (tuple[int, ...], ["1", "2"], (1, 2)),
        (tuple[int, str], ["1", "x"], (1, "x")),
        (list, ["x"], ["x"]),
    ],
)
def test_a_collection_is_made_from_several_texts(
    annotation: Any, texts: list[str], expected: Any
) -> None:
    assert texts_converter(annotation)(texts) == expected


@pytest.mark.parametrize(
    ("annotation", "texts", "code", "index"),
    [
        (list[int], ["1", "x"], "type", 1),
        (tuple[int, int], ["1", "x"], "type", 1),
        (tuple[int, int], ["1"], "length", None),
        (Annotated[list[int], Meta(max_length=1)], ["1", "2"], "length", None),
    ],
)
def test_a_fault_in_a_collection_names_the_item(
    annotation: Any, texts: list[str], code: str, index: int | None
) -> None:
    with pytest.raises(ConversionError) as caught:
        texts_converter(annotation)(texts)

    assert (caught.value.code, caught.value.index) == (code, index)


def test_a_value_that_is_converted_already_keeps_the_rules_of_its_type() -> None:
    check = value_checker(Annotated[float, Meta(ge=0, le=10)])

    assert check(2.5) == 2.5
    with pytest.raises(ConversionError) as caught:
        check(11.0)
    assert caught.value.code == "range"


@pytest.mark.parametrize("annotation", [dict[str, int], list[int], type("Thing", (Struct,), {})])
def test_a_type_that_is_no_scalar_is_refused_at_start_up(annotation: Any) -> None:
    with pytest.raises(GambrelError, match=r"say Annotated\[T, Body\(\)\]"):
        text_converter(annotation)


@pytest.mark.parametrize("annotation", [int, dict[str, int], list[int] | set[int]])
def test_a_type_that_is_no_collection_is_refused_at_start_up(annotation: Any) -> None:
    with pytest.raises(GambrelError, match=r"use list\[T\]"):
        texts_converter(annotation)
