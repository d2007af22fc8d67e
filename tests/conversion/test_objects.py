from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Annotated, Any, TypedDict

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from gambrel.conversion.errors import GambrelError, InvalidError
from gambrel.conversion.objects import object_converter


class Item(Struct):
    quantity: int
    tags: list[str] = []


class Order(Struct, forbid_unknown_fields=True):
    name: str
    count: int | None = None
    gift: bool = False
    items: Annotated[list[Item], Meta(max_length=3)] = []
    numbers: list[int] = []
    prices: dict[str, float] = {}
    by_number: dict[int, Item] = {}
    first: Item | None = None
    parent: "Order | None" = None

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("must not be bad")


class Search(Struct):
    page: int = 1
    words: str | None = None
    left: int | msgspec.UnsetType = msgspec.UNSET


class Consent(Struct):
    agreed: bool
    at: time | None = None


convert = object_converter(Order)


def faults(
    texts: Mapping[str, Any], annotation: Any = Order, **options: Any
) -> list[tuple[str, str]]:
    with pytest.raises(InvalidError) as caught:
        object_converter(annotation, **options)(texts)
    return [(fault.path, fault.code) for fault in caught.value.faults]


def test_texts_become_an_object() -> None:
    expected = Order("Ann", 3, True, numbers=[1, 2])

    assert convert({"name": "Ann", "count": "3", "gift": "on", "numbers": ["1", "2"]}) == expected


@pytest.mark.parametrize(
    "texts",
    [
        {"items[0].quantity": "1", "items[1].quantity": "2"},
        {"items.0.quantity": "1", "items.1.quantity": "2"},
        {"items[0][quantity]": "1", "items[1][quantity]": "2"},
        {"items[7].quantity": "2", "items[3].quantity": "1"},
    ],
)
def test_names_nest(texts: dict[str, str]) -> None:
    assert convert({"name": "x", **texts}).items == [Item(1), Item(2)]


def test_objects_dicts_and_lists_nest_in_each_other() -> None:
    texts = {
        "name": "x",
        "first.quantity": "1",
        "first.tags": ["a", "b"],
        "prices[a b]": "1.5",
        "by_number[7].quantity": "2",
        "parent.name": "y",
        "parent.numbers.1": "2",
        "parent.numbers.0": "1",
    }
    expected = Order(
        "x",
        first=Item(1, ["a", "b"]),
        prices={"a b": 1.5},
        by_number={7: Item(2)},
        parent=Order("y", numbers=[1, 2]),
    )
    assert convert(texts) == expected


def test_every_fault_is_told_with_its_place() -> None:
    texts = {
        "name": ["a", "b"],
        "count": "x",
        "items[0].quantity": "y",
        "items[1].tags": "t",
        "numbers": ["1", "z"],
        "prices[a]": "w",
        "by_number[u].quantity": "1",
        "extra": "1",
    }
    assert faults(texts) == [
        ("name", "duplicate"),
        ("count", "type"),
        ("items[0].quantity", "type"),
        ("items[1].quantity", "missing"),
        ("numbers[1]", "type"),
        ("prices.a", "type"),
        ("by_number.u", "type"),
        ("extra", "unknown_field"),
    ]


def test_a_fault_has_the_location_it_was_given() -> None:
    with pytest.raises(InvalidError) as caught:
        object_converter(Search, location="header")({"page": "x"})

    assert [fault.location for fault in caught.value.faults] == ["header"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"items": "1"}, ("items", "type")),
        ({"items.x.quantity": "1"}, ("items", "type")),
        ({"items[0]": "1"}, ("items[0]", "type")),
        ({"numbers.x": "1"}, ("numbers", "type")),
        ({"numbers.0.1": "1"}, ("numbers", "type")),
        ({"prices": "1"}, ("prices", "type")),
        ({"first": "1"}, ("first", "type")),
        ({"count.x": "1"}, ("count", "duplicate")),
        ({f"items[{i}].quantity": "1" for i in range(4)}, ("items", "length")),
        ({"x." * 20: "1"}, ('["' + "x." * 20 + '"]', "unknown_field")),
    ],
)
def test_texts_of_the_wrong_form_are_faults(texts: Any, expected: tuple[str, str]) -> None:
    assert faults({"name": "x", **texts}) == [expected]


def test_a_check_of_the_class_itself_is_a_fault() -> None:
    assert faults({"name": "bad"}) == [("", "custom")]
    assert faults({"name": "x", "parent.name": "bad"}) == [("parent", "custom")]


def test_a_name_used_as_value_and_parent_is_what_it_was_first() -> None:
    assert faults({"name": "x", "first": "1", "first.quantity": "2"}) == [("first", "type")]


def test_a_name_that_is_a_field_is_not_taken_apart() -> None:
    class Filter(Struct, rename={"kind": "filter[kind]"}):
        kind: str
        tags: list[str] = []

    assert object_converter(Filter)({"filter[kind]": "a"}) == Filter("a")


@pytest.mark.parametrize("empty", ["", [""]])
def test_an_empty_input_of_a_number_or_an_optional_field_is_absent(empty: Any) -> None:
    assert object_converter(Search)({"page": empty, "words": empty, "left": empty}) == Search()
    assert faults({"quantity": empty}, Item) == [("quantity", "missing")]
    assert convert({"name": empty, "numbers": empty}) == Order("")


def test_an_unchecked_checkbox_of_a_form_is_false() -> None:
    assert object_converter(Consent, form=True)({}) == Consent(False)
    assert faults({}, Consent) == [("agreed", "missing")]


def test_a_form_takes_the_time_that_browsers_send() -> None:
    consent = object_converter(Consent, form=True)({"agreed": "on", "at": "12:30"})

    assert consent == Consent(True, time(12, 30))


def test_an_optional_object_without_any_field_is_none() -> None:
    assert object_converter(Search | None)({}) is None
    assert object_converter(Search | None)({"other": "1"}) is None
    assert object_converter(Search | None)({"page": "2"}) == Search(2)


def test_what_is_no_text_is_passed_on() -> None:
    class Avatar(TypedDict):
        picture: Any

    upload = object()
    assert object_converter(Avatar)({"picture": upload}) == {"picture": upload}


def test_every_kind_of_class_is_made() -> None:
    class Movie(TypedDict, total=False):
        title: str

    @dataclass
    class Point:
        x: int

    @attrs.define
    class Car:
        wheels: int = 4

    assert object_converter(Movie)({}) == {}
    assert object_converter(Point)({"x": "1"}) == Point(1)
    assert object_converter(Car)({"wheels": "3"}) == Car(3)


def test_a_pydantic_model_converts_texts_itself() -> None:
    class Model(pydantic.BaseModel):
        count: int
        tags: list[int] = []
        more: list[int] = []

    decode = object_converter(Model)
    assert decode({"count": "1", "tags": "2", "more": ["3"]}) == Model(count=1, tags=[2], more=[3])
    assert faults({"count": "x"}, Model) == [("count", "type")]


@pytest.mark.parametrize("annotation", [int, list[Item], Item | Search])
def test_what_has_no_fields_is_refused_at_start_up(annotation: Any) -> None:
    with pytest.raises(GambrelError, match="cannot be bound"):
        object_converter(annotation)


def test_a_tuple_of_objects_is_refused_at_start_up() -> None:
    class Pair(Struct):
        both: tuple[Item, Item]

    with pytest.raises(GambrelError, match="a class with named fields"):
        object_converter(Pair)


@given(
    st.dictionaries(
        st.text(".[]0a", max_size=12) | st.sampled_from(["name", "items", "first", "numbers"]),
        st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=3),
        max_size=8,
    )
)
def test_no_texts_break_a_converter(texts: dict[str, Any]) -> None:
    try:
        value = convert(texts)
    except InvalidError as error:
        found = error.faults
        assert found
    else:
        assert isinstance(value, Order)
