from dataclasses import dataclass

import pytest
from attrs import define
from msgspec import UNSET, Struct, UnsetType

from gambrel import GambrelError
from gambrel.db.queries.rows import fields_of, structs_of, values_for
from tests.db.shop import Hero


class AsStruct(Struct):
    name: str = "x"
    age: int | UnsetType = UNSET


@dataclass
class AsDataclass:
    name: str = "x"


@define
class AsAttrs:
    name: str = "x"


@pytest.mark.parametrize(
    "given", [AsStruct(), AsDataclass(), AsAttrs(), {"name": "x", "age": UNSET}]
)
def test_values_are_taken_from_whatever_has_fields(given):
    assert values_for(Hero, given) == {"name": "x"}


def test_a_mapping_is_looked_at_as_closely():
    with pytest.raises(GambrelError, match="the values has 'is_admin', which Hero has not"):
        values_for(Hero, {"is_admin": True})


def test_what_nobody_sends_stands_over_what_was_sent():
    assert values_for(Hero, AsStruct("sent"), {"name": "ours"}) == {"name": "ours"}

    with pytest.raises(GambrelError, match="the values has 'nmae', which Hero has not"):
        values_for(Hero, AsStruct(), {"nmae": "x"})


def test_fields_are_in_their_order():
    assert fields_of(AsStruct) == ("name", "age")


def test_rows_become_structs():
    assert structs_of(AsStruct, [{"name": "a", "age": 3}]) == [AsStruct("a", 3)]
