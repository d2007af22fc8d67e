import dataclasses
import typing
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, TypedDict, TypeVar, Union

import annotated_types as at
import attrs
import msgspec
import pydantic
import pytest
from msgspec import Meta, Struct

from gambrel.conversion.errors import GambrelError
from gambrel.conversion.shape import Codec, Shape, read_shape

Item = TypeVar("Item")
Text = TypeVar("Text", bound=str)


class Node(Struct):
    children: "list[Node]"
    note: "Annotated[Node, Meta(description='one more')] | None" = None


class Page(Struct, Generic[Item]):
    items: list[Item]


@dataclasses.dataclass
class Box(Generic[Item]):
    content: Item
    inner: "Box[Item] | None" = None


def kinds(shape: Shape) -> dict[str, str]:
    return {field.name: field.shape.kind for field in shape.fields}


def test_a_recursive_type_has_a_recursive_shape() -> None:
    shape = read_shape(Node)

    assert shape.fields[0].shape.items[0] is shape


def test_a_constrained_copy_of_a_recursive_type_has_its_fields() -> None:
    shape = read_shape(Node)

    copy = shape.fields[1].shape.items[0]
    assert copy.notes == {"description": "one more"}
    assert copy.fields is shape.fields


def test_the_arguments_of_a_generic_struct_reach_its_fields() -> None:
    assert read_shape(Page[int]).fields[0].shape.items[0].kind == "int"
    assert read_shape(Page).fields[0].shape.items[0].kind == "any"


def test_the_arguments_of_a_generic_dataclass_reach_its_fields() -> None:
    shape = read_shape(Box[int])

    assert shape.fields[0].shape.kind == "int"
    assert shape.fields[1].shape.items[0] is shape


def test_a_bound_type_variable_stands_for_its_bound() -> None:
    assert read_shape(Text).kind == "str"


def test_fields_of_every_kind_of_class_are_read() -> None:
    class Movie(TypedDict, total=False):
        title: typing.Required[str]
        year: int

    class Point(NamedTuple):
        x: int
        y: int = 0

    @attrs.define
    class Car:
        wheels: int
        doors: int = 4
        owners: list[str] = attrs.field(factory=list)
        sold: bool = attrs.field(init=False, default=False)

    @dataclasses.dataclass
    class Plane:
        seats: int
        crew: int = 2
        tags: list[str] = dataclasses.field(default_factory=list)
        flown: bool = dataclasses.field(init=False, default=False)

    found = {
        shape.flavour: [(f.name, f.required) for f in shape.fields]
        for shape in map(read_shape, (Movie, Point, Car, Plane))
    }
    assert found == {
        "typeddict": [("title", True), ("year", False)],
        "namedtuple": [("x", True), ("y", False)],
        "attrs": [("wheels", True), ("doors", False), ("owners", False)],
        "dataclass": [("seats", True), ("crew", False), ("tags", False)],
    }


def test_defaults_are_kept() -> None:
    class Thing(Struct):
        count: int = 3
        tags: list[str] = []
        made: Any = msgspec.field(default_factory=object)

    defaults = [field.default for field in read_shape(Thing).fields]
    assert defaults == [3, [], msgspec.NODEFAULT]


def test_a_private_attrs_field_is_set_by_its_public_name() -> None:
    @attrs.define
    class Safe:
        _code: int

    assert read_shape(Safe).make({"_code": 7}) == Safe(7)


def test_meta_and_annotated_types_are_both_understood() -> None:
    shape = read_shape(Annotated[int, Meta(ge=1), at.Lt(9), at.MultipleOf(2), "other", at.Ge(2)])

    assert shape.native == {"ge": 1}
    assert shape.extra == {"lt": 9, "multiple_of": 2, "ge": 2}
    assert shape.bounds["ge"] == 2


def test_groups_of_constraints_are_taken_apart() -> None:
    assert read_shape(Annotated[int, at.Interval(ge=1, lt=3)]).extra == {"ge": 1, "lt": 3}
    assert read_shape(Annotated[str, at.Len(0, 3)]).extra == {"max_length": 3}
    assert read_shape(Annotated[Any, at.Timezone(None)]).extra == {"tz": False}


def test_a_constraint_on_an_optional_type_is_meant_for_its_member() -> None:
    shape = read_shape(Annotated[int | None, at.Ge(1)])

    assert [item.extra for item in shape.items] == [{"ge": 1}, {}]


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (None, "none"),
        (list, "list"),
        (Sequence[int], "list"),
        (Mapping[str, int], "dict"),
        (dict, "dict"),
        (tuple, "vartuple"),
        (tuple[int, ...], "vartuple"),
        (tuple[()], "tuple"),
        (tuple[int, str], "tuple"),
        (Final[int], "int"),
        (Union[int, str], "union"),  # noqa: UP007 - both spellings are read
        (Literal["a", "b"], "literal"),
        (pydantic.create_model("Model"), "pydantic"),
        (typing.NewType("Id", int), "int"),
        (Decimal, "decimal"),
    ],
)
def test_an_annotation_has_a_kind(annotation: Any, kind: str) -> None:
    assert read_shape(annotation).kind == kind


def test_an_alias_is_what_it_stands_for() -> None:
    # the statements `type Ids = …` and `type Several[T] = …`, as Python 3.11 can say them
    typing_extensions = pytest.importorskip("typing_extensions")
    ids = typing_extensions.TypeAliasType("Ids", list[int])
    several = typing_extensions.TypeAliasType("Several", set[Item], type_params=(Item,))

    assert read_shape(ids).kind == "list"
    assert read_shape(several[int]).items[0].kind == "int"


def test_nested_unions_are_flat() -> None:
    inner = typing.NewType("Inner", int | str)  # type: ignore[valid-newtype]

    kinds = [item.kind for item in read_shape(inner | None).items]
    assert kinds == ["int", "str", "none"]


def test_a_codec_makes_a_type_known() -> None:
    class Money:
        pass

    class Euro(Money):
        pass

    codec = Codec(str)
    assert read_shape(Euro, {Money: codec}).codec is codec


@pytest.mark.parametrize("annotation", [complex, "Text", 5, type("Plain", (), {})])
def test_an_unknown_type_is_refused_with_what_to_write(annotation: Any) -> None:
    with pytest.raises(GambrelError, match="it a `__codec__`") as caught:
        read_shape(annotation)

    assert caught.value.code == "binding.unsupported-type"


def test_the_error_names_the_field_of_an_unknown_type() -> None:
    class Thing(Struct):
        number: complex

    with pytest.raises(GambrelError, match=r"Thing\.number"):
        read_shape(list[Thing])


def test_what_several_say_of_a_type_is_said_together() -> None:
    first, second = Meta(extra={"a": 1, "b": 1}, title="x"), Meta(extra={"b": 2}, title="y")

    notes = read_shape(Annotated[Annotated[str, first], second]).notes

    assert notes == {"extra": {"a": 1, "b": 2}, "title": "y"}
