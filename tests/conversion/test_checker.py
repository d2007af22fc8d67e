from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import annotated_types as at
import pytest
from msgspec import Struct

from gambrel.conversion.checker import checker, is_open
from gambrel.conversion.shape import read_shape

Small = Annotated[int, at.Le(5)]
Word = Annotated[str, at.MinLen(2)]


class Colour(Enum):
    RED = "red"


class Plain(Struct):
    name: str
    child: "Plain | None" = None


class Tree(Struct):
    size: Small
    branches: "list[Tree]" = []
    odd: Small = 7


class Note(TypedDict, total=False):
    size: Small


class Tagged(Struct, tag=True):
    size: Small


class Other(Struct, tag=True):
    size: int


@pytest.mark.parametrize("annotation", [int, Plain, list[Plain], dict[str, Any], int | None])
def test_a_type_without_rules_of_ours_needs_no_check(annotation: Any) -> None:
    assert checker(read_shape(annotation)) is None


@pytest.mark.parametrize(
    ("annotation", "good", "bad"),
    [
        (Small, 5, 6),
        (Annotated[int, at.Ge(1), at.Lt(5)], 1, 5),
        (list[Small], [1, 5], [1, 6]),
        (Annotated[list[Small], at.MinLen(1)], [1], []),
        (set[Small], {1}, {6}),
        (tuple[str, Small], ("x", 5), ("x", 6)),
        (dict[Word, int], {"ab": 6}, {"a": 6}),
        (dict[str, Small], {"a": 5}, {"a": 6}),
        (Small | None, None, 6),
        (Small | str, "x", 6),
        (Small | str | None, None, 6),
        (str | list[Small], "abc", [6]),
        (Literal["a"] | Small, "a", 6),
        (Note | Small, {"size": 5}, {"size": 6}),
        (Colour | Small, Colour.RED, 6),
        (Tree, Tree(1, [Tree(5)]), Tree(1, [Tree(6)])),
        (Note, {}, {"size": 6}),
        (Tagged | Other, Other(6), Tagged(6)),
        (Decimal, Decimal("1.5"), Decimal("NaN")),
        (datetime | None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1)),  # noqa: DTZ001
    ],
)
def test_rules_hold_at_every_depth(annotation: Any, good: Any, bad: Any) -> None:
    check = checker(read_shape(annotation))

    assert check is not None
    assert check(good)
    assert not check(bad)


def test_a_default_need_not_keep_the_rules() -> None:
    check = checker(read_shape(Tree))

    assert check is not None
    assert check(Tree(1, odd=7))
    assert not check(Tree(1, odd=8))


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Sequence[list[dict[str, int]]], False),
        (Tagged, False),
        (tuple[Tagged, Tagged], False),
        (Tree, True),
        (Any, True),
        (dict[str, Any], True),
    ],
)
def test_a_type_is_open_if_its_values_nest_without_a_bound(annotation: Any, expected: bool) -> None:
    assert is_open(read_shape(annotation)) is expected
