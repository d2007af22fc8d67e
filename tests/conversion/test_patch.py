from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pydantic
import pytest
from msgspec import UNSET, Meta, Struct

from gambrel.conversion.convert import json_decoder
from gambrel.conversion.errors import GambrelError, InvalidError
from gambrel.conversion.patch import Patch

Item = TypeVar("Item")


class Hero(Struct, rename="camel", forbid_unknown_fields=True):
    real_name: Annotated[str, Meta(min_length=2)]
    age: int | None = 30


class Frozen(Struct, frozen=True):
    age: int = 1


@dataclass(frozen=True)
class FrozenPoint:
    x: int


decode = json_decoder(Patch[Hero])


def test_a_patch_tells_null_from_left_out() -> None:
    patch = decode(b'{"age":null}')

    assert patch.age is None
    assert patch.real_name is UNSET


def test_the_patch_of_a_type_is_one_type() -> None:
    assert Patch[Hero] is Patch[Hero]
    assert Patch[Hero].__name__ == "HeroPatch"


def test_a_patch_keeps_names_and_constraints() -> None:
    with pytest.raises(InvalidError) as caught:
        decode(b'{"realName":"x","other":1}')

    assert [(f.path, f.code) for f in caught.value.faults] == [
        ("realName", "length"),
        ("other", "unknown_field"),
    ]


def test_a_patch_of_a_type_variable_stays_open() -> None:
    class Change(Generic[Item]):
        patch: Patch[Item]

    assert Change.__annotations__["patch"].__args__ == (Item,)


@pytest.mark.parametrize("target", [int, pydantic.create_model("Model")])
def test_what_has_no_fields_of_its_own_cannot_be_patched(target: Any) -> None:
    with pytest.raises(GambrelError, match="patch a Struct"):
        Patch[target]
