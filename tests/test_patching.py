from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import Struct

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.patch import Patch
from gambrel.core.http.errors import Unprocessable
from gambrel.patching import apply


class Hero(Struct):
    name: str
    age: int | None = 30


class Frozen(Struct, frozen=True):
    age: int = 1


@dataclass(frozen=True)
class FrozenPoint:
    x: int


class Span(Struct):
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("end is before start")


class FrozenSpan(Span, frozen=True):
    pass


@dataclass
class Room:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.high < self.low:
            raise ValueError("high is below low")


decode = json_decoder(Patch[Hero])


def test_what_was_sent_is_set() -> None:
    hero = Hero("Ann", 20)

    assert apply(decode(b'{"age":null}'), hero) is hero
    assert hero == Hero("Ann", None)


@pytest.mark.parametrize("target", [SimpleNamespace(age=1), {"age": 1}])
def test_any_object_or_dict_can_be_patched(target: Any) -> None:
    apply(decode(b'{"age":5}'), target)

    assert (target["age"] if isinstance(target, dict) else target.age) == 5


def test_a_frozen_object_is_copied() -> None:
    frozen, point = Frozen(1), FrozenPoint(1)

    assert apply(json_decoder(Patch[Frozen])(b'{"age":2}'), frozen) == Frozen(2)
    assert apply(json_decoder(Patch[FrozenPoint])(b'{"x":2}'), point) == FrozenPoint(2)
    assert (frozen, point) == (Frozen(1), FrozenPoint(1))


@pytest.mark.parametrize("kind", [Span, FrozenSpan, Room])
def test_rules_across_fields_hold_afterwards_too(kind: Any) -> None:
    target = kind(2, 3)
    change = json_decoder(Patch[kind])
    second = "high" if kind is Room else "end"

    with pytest.raises(Unprocessable) as caught:
        apply(change(f'{{"{second}":1}}'.encode()), target)

    assert [(fault.location, fault.code) for fault in caught.value.faults] == [("body", "custom")]
    assert target == kind(2, 3)
    assert apply(change(f'{{"{second}":9}}'.encode()), target) == kind(2, 9)
