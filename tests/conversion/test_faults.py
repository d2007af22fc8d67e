import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar
from uuid import UUID

import annotated_types as at
import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.errors import Fault, InvalidError, pointer
from gambrel.conversion.faults import MAX_FAULTS, MAX_KEY, collect, path_text
from gambrel.conversion.shape import read_shape

Item = TypeVar("Item")


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1
    HIGH = 3


class Cat(Struct, tag="cat"):
    lives: Annotated[int, Meta(ge=1, le=9)]


class Dog(Struct, tag="dog", forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2, pattern="^[a-z]+$")]
    friend: "Cat | Dog | None" = None


class Span(Struct, array_like=True):
    start: int
    stop: int = 0


class Pair(NamedTuple):
    left: int
    right: str


class Note(TypedDict):
    text: str
    stars: NotRequired[Annotated[int, at.Le(5)]]


@dataclass
class Size:
    width: float
    height: float

    def __post_init__(self) -> None:
        if self.width < self.height:
            raise ValueError("must be wider than high")


@attrs.define
class Weight:
    grams: Annotated[int, at.Ge(0)]


class Page(Struct, Generic[Item]):
    items: list[Item]
    more: bool = False


class Everything(Struct, rename="camel", forbid_unknown_fields=True):
    title: Annotated[str, Meta(min_length=1, max_length=5)]
    price_paid: Annotated[Decimal, at.Ge(0)]
    level: Level
    colour: Colour | None
    choice: Literal["a", 1, None]
    pets: Annotated[list[Cat | Dog], Meta(max_length=4)]
    by_name: dict[str, Size]
    by_number: dict[Annotated[int, Meta(ge=1)], float]
    by_id: dict[UUID, bool]
    made: datetime
    day: date
    alarm: time
    wait: timedelta
    data: Annotated[bytes, Meta(max_length=3)]
    odd: Annotated[set[int], at.Len(1, 3)]
    point: tuple[int, str]
    points: tuple[float, ...]
    span: Span
    pair: Pair
    note: Note
    weight: Weight
    page: Page[Note]
    mixed: int | str | list[bool]
    nothing: None
    maybe: int | UnsetType = UNSET
    anything: Any = None
    child: "Everything | None" = None


VALID: dict[str, Any] = {
    "title": "abc",
    "pricePaid": "1.50",
    "level": 3,
    "colour": "red",
    "choice": 1,
    "pets": [{"type": "cat", "lives": 9}, {"type": "dog", "name": "rex"}],
    "byName": {"a b": {"width": 2, "height": 1.5}},
    "byNumber": {"7": 1.5},
    "byId": {"00000000-0000-0000-0000-000000000001": True},
    "made": "2026-01-31T12:00:00Z",
    "day": "2026-01-31",
    "alarm": "07:30:00",
    "wait": "PT5M",
    "data": "eA==",
    "odd": [1, 3],
    "point": [1, "x"],
    "points": [1.5, 2],
    "span": [1, 2],
    "pair": [1, "x"],
    "note": {"text": "hi", "stars": 5},
    "weight": {"grams": 5},
    "page": {"items": [{"text": "one"}], "more": True},
    "mixed": [True],
    "nothing": None,
    "maybe": 5,
    "anything": {"free": [1, 2]},
}
STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 7, 10**20, 1.5, "", "x", "red", "1", "toolong", "NaN", "1e999",
    "2026-01-31T12:00:00", "2026-01-31", "07:30:00Z", "PT1S", "eHh4eHg=", [], [1, 1], [1, "x"], {},
    {"type": "cat"}, {"type": "cow"}, {"type": "dog", "name": "a"}, {"text": "hi"}, {"1": 2},
    {"width": 1, "height": 2},
)  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container with each of its keys or indexes."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys]
    for key in keys:
        if isinstance(value[key], dict | list):
            found += places(value[key])
    return found


def strange(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(STRANGE))


def mutated(chance: random.Random) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(VALID))
    if chance.random() < 0.3:
        document["child"] = msgspec.json.decode(msgspec.json.encode(VALID))
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        container, key = chance.choice(places(document))
        change = chance.random()
        if change < 0.6:
            container[key] = strange(chance)
        elif change < 0.8:
            del container[key]
        elif isinstance(container, dict):
            container[chance.choice(("extra", "stars", "0", "maybe"))] = strange(chance)
        else:
            container.append(strange(chance))
    return document


def told(decode: Callable[[bytes], Any], body: bytes) -> list[Fault]:
    try:
        decode(body)
    except InvalidError as error:
        return error.faults or [Fault("body", "", "refused without a fault", "")]
    return []


def codes(annotation: Any, value: Any) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in collect(annotation, value)]


def messages(annotation: Any, value: Any) -> list[str]:
    return [fault.message for fault in collect(annotation, value)]


@pytest.mark.parametrize("seed", range(4))
def test_what_the_decoder_refuses_has_a_fault_and_what_it_takes_has_none(seed: int) -> None:
    chance = random.Random(seed)
    decode, shape = json_decoder(Everything), read_shape(Everything)
    refused = 0

    for _ in range(1_000):
        document = mutated(chance)
        body = msgspec.json.encode(document)
        found = collect(shape, document)
        refused += bool(found)
        assert found == told(decode, body), body
    assert 400 < refused < 950


def test_a_fault_says_where_it_is_in_words_and_as_a_pointer() -> None:
    value = {**VALID, "pets": [{"type": "dog", "name": "rex", "friend": {"type": "cat"}}]}

    expected = [
        Fault(
            "body",
            "pets[0].friend.lives",
            "is required",
            "missing",
            "/pets/0/friend/lives",
        )
    ]
    assert expected == collect(Everything, value)


def test_the_key_of_a_dict_is_part_of_the_path() -> None:
    assert codes(dict[str, Size], {"a b": {"width": 1, "height": "x"}}) == [
        ('["a b"].height', "type")
    ]


def test_a_key_can_be_at_fault() -> None:
    numbers = dict[Annotated[int, Meta(ge=1)], int]

    assert messages(numbers, {"0": 1}) == ["its key must be at least 1"]
    assert messages(numbers, {"x": 1}) == ["its key must be a whole number"]
    assert messages(dict[Annotated[int, at.Ge(2)], int], {"1": 1}) == ["its key must be at least 2"]
    assert messages(dict[Colour, int], {"blue": 1}) == ["its key must be one of red, green"]


def test_all_broken_constraints_of_a_value_are_told() -> None:
    name = Annotated[str, Meta(min_length=3, pattern="^[a-z]+$")]

    assert codes(name, "1") == [("", "length"), ("", "pattern")]


@pytest.mark.parametrize(
    ("annotation", "value", "code", "message"),
    [
        (int, "1", "type", "must be a whole number"),
        (int, True, "type", "must be a whole number"),
        (int, 6.0, "type", "must be a whole number"),
        (float, "1", "type", "must be a number"),
        (str, 1, "type", "must be a string"),
        (bool, 1, "type", "must be true or false"),
        (None, 1, "type", "must be null"),
        (UUID, "x", "format", "must be a UUID"),
        (UUID, 1, "type", "must be a UUID"),
        (bytes, "?", "format", "must be base64"),
        (date, "2026-13-01", "format", "must be a date such as 2026-01-31"),
        (timedelta, "5", "format", "must be an ISO 8601 duration such as PT1H30M"),
        (Decimal, "x", "format", "must be a decimal number"),
        (Decimal, "NaN", "format", "must be a finite number of ordinary size"),
        (Decimal, "1e99999", "format", "must be a finite number of ordinary size"),
        (datetime, "2026-01-31T12:00:00", "format", "must have a time zone, such as Z or +02:00"),
        (time, "12:00:00Z", "format", "must not have a time zone"),
        (Annotated[datetime, Meta(tz=False)], "2026-01-31T12:00:00Z", "format",
         "must not have a time zone"),
        (Colour, "blue", "enum", "must be one of red, green"),
        (Literal["a", 2], "b", "enum", "must be one of a, 2"),
        (Annotated[int, Meta(gt=1)], 1, "range", "must be greater than 1"),
        (Annotated[int, Meta(lt=1)], 1, "range", "must be less than 1"),
        (Annotated[int, Meta(multiple_of=2)], 1, "range", "must be a multiple of 2"),
        (Annotated[Decimal, at.Le(2)], "2.5", "range", "must be at most 2"),
        (Annotated[str, Meta(max_length=1)], "ab", "length", "must have at most 1 character"),
        (Annotated[bytes, Meta(min_length=2)], "eA==", "length", "must have at least 2 bytes"),
        (Annotated[list[int], Meta(min_length=2)], [1], "length", "must have at least 2 items"),
        (Annotated[int, at.Predicate(bool)], 0, "custom", "is not acceptable"),
        (list[int], {}, "type", "must be a list"),
        (tuple[int, int], 1, "type", "must be a list"),
        (tuple[int, int], [1], "length", "must have exactly 2 items"),
        (dict[str, int], [], "type", "must be an object"),
        (Cat, 5, "type", "must be an object"),
        (Span, {}, "type", "must be a list"),
        (Size, {"width": 1, "height": 2}, "custom", "must be wider than high"),
        (int | None, "x", "type", "must be a whole number or null"),
        (int | bool, "x", "type", "must be a whole number or true or false"),
        (Cat | Dog, 5, "type", "must be an object"),
    ],
)  # fmt: skip
def test_a_fault_has_a_code_and_plain_words(
    annotation: Any, value: Any, code: str, message: str
) -> None:
    expected = [(code, message)]

    assert expected == [(f.code, f.message) for f in collect(annotation, value)]


def test_the_tag_of_a_union_decides_what_else_is_wrong() -> None:
    pet = Cat | Dog

    assert codes(pet, {"lives": 1}) == [("type", "missing")]
    assert codes(pet, {"type": "cow"}) == [("type", "union")]
    assert codes(pet, {"type": []}) == [("type", "union")]
    assert codes(pet, {"type": "cat", "lives": 0}) == [("lives", "range")]
    assert codes(Cat, {"type": "dog", "lives": 1}) == [("type", "enum")]


def test_members_of_a_union_of_the_same_json_type_are_told_together() -> None:
    number = Annotated[int, Meta(ge=5)] | Annotated[float, Meta(le=1)]

    assert codes(number, 3) == [("", "union")]


def test_unknown_fields_are_faults_where_the_type_forbids_them() -> None:
    assert codes(Dog, {"name": "rex", "extra": 1}) == [("extra", "unknown_field")]
    assert codes(Cat, {"lives": 1, "extra": 1}) == []


def test_positions_of_an_array_like_type_are_indexes() -> None:
    assert codes(Span, []) == [("[0]", "missing")]
    assert codes(Pair, [1, 2]) == [("[1]", "type")]


def test_no_more_than_a_hundred_faults_are_told() -> None:
    assert len(collect(list[int], ["x"] * 1_000)) == MAX_FAULTS
    assert len(collect(list[int | None], ["x"] * 1_000)) == MAX_FAULTS
    assert len(collect(list[int] | None, ["x"] * 1_000)) == MAX_FAULTS


def test_a_long_key_is_cut() -> None:
    (found,) = collect(dict[str, int], {"k" * 10_000: "x"})

    assert found.pointer == "/" + "k" * MAX_KEY + "…"


def test_a_pydantic_model_inside_tells_its_own_faults_under_our_path() -> None:
    class Address(pydantic.BaseModel):
        town: str
        zone: Annotated[int, pydantic.Field(ge=1)]

    class Person(Struct):
        home: Address

    expected = [("home.town", "missing"), ("home.zone", "range")]
    assert expected == codes(Person, {"home": {"zone": 0}})
    assert codes(Person, {"home": {"town": "x", "zone": 1}}) == []


def test_a_constraint_on_a_whole_object_is_told() -> None:
    narrow = Annotated[Cat, at.Predicate(lambda cat: cat.lives < 3)]

    assert codes(narrow, {"lives": 5}) == [("", "custom")]
    assert codes(narrow, {"lives": 2}) == []


def test_what_only_msgspec_refuses_is_told_all_the_same() -> None:
    assert codes(Annotated[set[int], Meta(min_length=2)], [1, 1]) == [("", "length")]
    assert codes(Pair, [1, "x", 3]) == [("", "custom")]


def test_a_path_reads_like_python() -> None:
    assert path_text(()) == ""
    assert path_text(("items", 0, "qty", 'a "b"')) == 'items[0].qty["a \\"b\\""]'


@given(st.lists(st.text() | st.integers(0, 99)))
def test_a_pointer_has_the_parts_of_the_path_escaped_as_rfc_6901_says(parts: list[Any]) -> None:
    escaped = [str(part).replace("~", "~0").replace("/", "~1") for part in parts]

    assert pointer(path_text(tuple(parts))) == "".join(f"/{part}" for part in escaped)
