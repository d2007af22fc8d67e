from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import IPv4Address
from pathlib import PurePath
from types import SimpleNamespace
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import attrs
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from gambrel.conversion.convert import json_encoder
from gambrel.conversion.errors import GambrelError
from gambrel.conversion.projection import exact_type, fitter, projector

Item = TypeVar("Item")
encode = json_encoder()


class Public(Struct):
    name: str
    age: int = 0


class Private(Public):
    secret: str = "SECRET"


class Box(Struct):
    one: Public
    many: list[Public] = []
    named: dict[str, Public] = {}
    pair: tuple[int, Public] | None = None
    maybe: Public | UnsetType = UNSET
    boxes: "list[Box]" = []


class PrivateBox(Box):
    secret: str = "SECRET"


class Page(Struct, Generic[Item]):
    items: list[Item]


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag=True):
    name: str


class Lion(Cat, tag="Cat"):
    secret: str = "SECRET"


class Model(pydantic.BaseModel):
    count: int


class PrivateModel(Model):
    secret: str = "SECRET"


class Note(TypedDict, total=False):
    text: str
    owner: Public


class Text(TypedDict):
    text: str


class Pair(NamedTuple):
    left: int
    right: Public


@dataclass(frozen=True)
class Point:
    x: int
    owner: Public


@dataclass(frozen=True)
class PrivatePoint(Point):
    secret: str = "SECRET"


@attrs.define
class Car:
    owner: Public | None = None


private = Private("Ann", 3)
row = SimpleNamespace(name="Ann", age=3, secret="SECRET")
public = b'{"name":"Ann","age":3}'


def project(annotation: Any, value: Any) -> Any:
    run = projector(annotation)
    assert run is not None
    return run(value)


@pytest.mark.parametrize(
    "annotation", [int, Any, dict[str, int], list[str], tuple[int, str], int | None, None]
)
def test_where_nothing_can_leak_there_is_no_projector(annotation: Any) -> None:
    assert projector(annotation) is None


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Public, private, public),
        (Public, row, public),
        (Public, {"name": "Ann", "age": 3, "secret": "SECRET"}, public),
        (Public | None, private, public),
        (Public | None, row, public),
        (Public | int, private, public),
        (Public | None, {"name": "Ann", "age": 3, "secret": 1}, public),
        (list[Public], [private, Public("Bob")], b"[" + public + b',{"name":"Bob","age":0}]'),
        (list[Public], (row,), b"[" + public + b"]"),
        (tuple[Public, ...], [private], b"[" + public + b"]"),
        (tuple[int, Public], (1, private), b"[1," + public + b"]"),
        (dict[str, Public], {"a": private}, b'{"a":' + public + b"}"),
        (list[Public] | Public, [private], b"[" + public + b"]"),
        (dict[str, Public] | int, {"a": private}, b'{"a":' + public + b"}"),
        (Page[Public], Page([private]), b'{"items":[' + public + b"]}"),
        (Cat | Dog, Lion(9), b'{"type":"Cat","lives":9}'),
        (Cat | Dog, {"type": "Dog", "name": "Rex", "secret": 1}, b'{"type":"Dog","name":"Rex"}'),
        (Note, {"text": "x", "secret": 1}, b'{"text":"x"}'),
        (Note, {"owner": private}, b'{"owner":' + public + b"}"),
        (Note, SimpleNamespace(text="x", secret=1), b'{"text":"x"}'),
        (Pair, Pair(1, private), b"[1," + public + b"]"),
        (Pair, SimpleNamespace(left=1, right=row, secret=1), b"[1," + public + b"]"),
        (Point, Point(1, private), b'{"x":1,"owner":' + public + b"}"),
        (Point, PrivatePoint(1, private), b'{"x":1,"owner":' + public + b"}"),
        (Car, Car(private), b'{"owner":' + public + b"}"),
        (Model, PrivateModel(count=1), b'{"count":1}'),
        (Model, {"count": 1, "secret": 1}, b'{"count":1}'),
        (Model, SimpleNamespace(count=1, secret=1), b'{"count":1}'),
        (list[Model], [Model(count=1), PrivateModel(count=2)], b'[{"count":1},{"count":2}]'),
        (Model | None, PrivateModel(count=1), b'{"count":1}'),
    ],
)
def test_only_declared_fields_are_left(annotation: Any, value: Any, expected: bytes) -> None:
    assert encode(project(annotation, value)) == expected


def test_a_subclass_is_cut_at_every_depth() -> None:
    inner = PrivateBox(private, [private], {"a": private}, (1, private), private)
    value = PrivateBox(private, boxes=[inner, Box(private)])

    text = encode(project(Box, value))
    assert b"SECRET" in encode(value)
    assert b"SECRET" not in text
    assert text.count(b"Ann") == 7


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Public, Public("Ann")),
        (list[Public], [Public("Ann")]),
        (list[Public], []),
        (Public | None, None),
        (Public | int | None, 5),
        (Box, Box(Public("Ann"), boxes=[Box(Public("Bob"))])),
        (Point, Point(1, Public("Ann"))),
        (Model, Model(count=1)),
        (Text, {"text": "x"}),
        (dict[str, Public], {"a": Public("Ann")}),
        (tuple[int, Public], (1, Public("Ann"))),
    ],
)
def test_a_value_of_the_exact_types_is_returned_as_it_is(annotation: Any, value: Any) -> None:
    assert project(annotation, value) is value


def test_a_generator_becomes_a_list() -> None:
    def rows() -> Iterator[Any]:
        yield row

    assert project(list[Public], rows()) == [Public("Ann", 3)]


def test_a_default_stands_in_for_a_missing_attribute() -> None:
    assert project(Public, SimpleNamespace(name="Ann")) == Public("Ann", 0)


def test_a_wire_name_in_a_dict_is_understood() -> None:
    class Hero(Struct, rename="camel"):
        real_name: str

    assert project(Hero, {"realName": "Ann"}) == Hero("Ann")
    assert project(Hero, {"real_name": "Ann"}) == Hero("Ann")


@pytest.mark.parametrize("value", [5, "abc", None, SimpleNamespace(), {}, {"age": 1}])
def test_a_value_without_a_required_field_is_an_error(value: Any) -> None:
    with pytest.raises(GambrelError, match="was returned as Public, and has no 'name'"):
        project(Public, value)


class Filter(Struct):
    q: str | None = None


@pytest.mark.parametrize(
    ("annotation", "value", "told"),
    [
        (
            Public,
            {"name": 5},
            "a value of type int was returned as str for Public.name: Expected `str`, got",
        ),
        (Public, {"name": None}, "a value of type NoneType was returned as str for Public.name"),
        (
            Public,
            SimpleNamespace(name="a", age="old"),
            "a value of type str was returned as int for Public.age",
        ),
        (Page[Public], {"items": None}, "a value of type NoneType was returned as list"),
        (Box, {"one": {"name": 5}}, "for Public.name"),
        (
            Box,
            {"one": private, "named": [private]},
            "a value of type list was returned as dict[str, Public]",
        ),
        (Point, {"x": "1", "owner": private}, "for Point.x"),
        (
            Text,
            {"text": 1},
            "a value of type dict was returned as Text: Expected `str`, got `int` - at `$.text`",
        ),
        (
            Text,
            {},
            "a value of type dict was returned as Text: Object missing required field `text`",
        ),
        (Text, {"text": 1, "secret": 2}, "a value of type int was returned as str for Text.text"),
        (Filter, 5, "a value of type int was returned as Filter"),
        (Filter, None, "a value of type NoneType was returned as Filter"),
        (list[Public], "abc", "a value of type str was returned as list[Public]"),
        (list[Public], None, "a value of type NoneType was returned as list[Public]"),
        (list[Public], {"a": private}, "a value of type dict was returned as list[Public]"),
        (list[Filter], [1], "a value of type int was returned as Filter"),
        (dict[str, Public], [private], "a value of type list was returned as dict[str, Public]"),
        (tuple[int, Public], ("1", private), "a value of type str was returned as int"),
        (
            tuple[int, Public],
            (private,),
            "a value of type tuple was returned as tuple[int, Public]",
        ),
        (tuple[int, Public], 5, "a value of type int was returned as tuple[int, Public]"),
        (Public | None, "abc", "and is none of these"),
        (Public | int, True, "a value of type bool was returned as int"),
        (Public | int, "1", "and is none of these"),
        (Cat | Dog, None, "and is none of these"),
    ],
)
def test_a_value_of_another_type_is_an_error(annotation: Any, value: Any, told: str) -> None:
    with pytest.raises(GambrelError) as caught:
        project(annotation, value)

    assert caught.value.code == "binding.wrong-value"
    assert told in caught.value.what


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Public | None, None),
        (Public | float, 5),
        (Public | date, datetime(2026, 1, 1, tzinfo=UTC).date()),
        (Public | Literal["all"], "all"),
    ],
)
def test_a_plain_member_of_a_union_stays_as_it_is(annotation: Any, value: Any) -> None:
    assert project(annotation, value) is value


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (int, 1, "1"),
        (int, 1, None),
        (int | None, None, "x"),
        (float, 1, True),
        (dict[str, int], {"a": 1}, {"a": "1"}),
        (dict[str, int], {"a": 1}, {1: 1}),
        (list[int], [1], [None]),
        (date, date(2026, 1, 1), 5),
        (IPv4Address, IPv4Address("127.0.0.1"), 5),
        (PurePath, PurePath("a"), 5),
    ],
)
def test_a_value_that_needs_no_projection_may_be_checked(
    annotation: Any, good: Any, bad: Any
) -> None:
    fit = fitter(annotation)

    assert fit(good) is good
    with pytest.raises(GambrelError, match=f"was returned as .*{type(bad).__name__}|Expected"):
        fit(bad)


def test_a_value_of_no_member_of_a_union_is_an_error() -> None:
    with pytest.raises(GambrelError, match="return an instance of one of its classes"):
        project(Cat | Dog, row)
    with pytest.raises(GambrelError, match="is none of these"):
        project(Cat | Dog, {"lives": 9})


NAMES = st.text(max_size=3)
PUBLICS = st.builds(Public, NAMES) | st.builds(Private, NAMES)
BOXES = st.recursive(
    st.builds(Box, PUBLICS) | st.builds(PrivateBox, PUBLICS),
    lambda inner: st.builds(
        PrivateBox,
        PUBLICS,
        st.lists(PUBLICS, max_size=3),
        st.dictionaries(NAMES, PUBLICS, max_size=2),
        st.none() | st.tuples(st.integers(), PUBLICS),
        st.just(UNSET) | PUBLICS,
        st.lists(inner, max_size=3),
    ),
)


@given(BOXES)
def test_no_secret_survives(value: Box) -> None:
    assert b"SECRET" not in encode(project(Box, value))


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Public, Public),
        (Model, Model),
        (Box, None),
        (Text, None),
        (list[Public], None),
        (int, None),
    ],
)
def test_a_flat_class_is_exact(annotation: Any, expected: Any) -> None:
    assert exact_type(annotation) is expected


class Event(Struct):
    at: datetime
    day: date
    local: Annotated[datetime, Meta(tz=False)] | None = None


def test_a_moment_has_the_offset_that_the_document_promises() -> None:
    event = Event(datetime(2026, 1, 31, tzinfo=UTC), date(2026, 1, 31), datetime(2026, 1, 31))  # noqa: DTZ001
    naive = Event(datetime(2026, 1, 31), date(2026, 1, 31))  # noqa: DTZ001

    assert project(list[Event], [event])[0] is event
    for annotation, value in (
        (Event, naive),
        (datetime | None, naive.at),
        (list[datetime], [naive.at]),
    ):
        with pytest.raises(GambrelError, match="without an offset") as caught:
            project(annotation, value)
        assert "datetime.now(UTC)" in caught.value.hint
