from typing import Any

import msgspec

from gambrel.conversion.schemas import json_schemas
from gambrel.openapi.components import Schemas

REF = "#/components/schemas/"


class Inner(msgspec.Struct):
    size: int = 1


class Outer(msgspec.Struct):
    inner: Inner


class Plain(msgspec.Struct):
    name: str


class Problem(msgspec.Struct):
    mine: bool


def test_a_type_that_looks_the_same_both_ways_is_one_component():
    schemas = Schemas(json_schemas)
    given, received = schemas.of(Plain, "input"), schemas.of(Plain, "output")

    components = schemas.fill()

    assert given == received == {"$ref": REF + "Plain"}
    assert list(components) == ["Plain"]


def test_a_type_that_differs_has_one_schema_to_send_and_one_to_receive():
    schemas = Schemas(json_schemas)
    given, received = schemas.of(Inner, "input"), schemas.of(Inner, "output")

    components = schemas.fill()

    assert (given, received) == ({"$ref": REF + "InnerInput"}, {"$ref": REF + "Inner"})
    assert "required" not in components["InnerInput"]
    assert components["InnerInput"]["title"] == "InnerInput"
    assert components["Inner"]["required"] == ["size"]


def test_a_type_around_one_that_differs_differs_too():
    schemas = Schemas(json_schemas)
    given = schemas.of(Outer, "input")
    schemas.of(Outer, "output")

    components = schemas.fill()

    assert given == {"$ref": REF + "OuterInput"}
    assert components["OuterInput"]["properties"]["inner"]["$ref"] == REF + "InnerInput"
    assert components["Outer"]["properties"]["inner"]["$ref"] == REF + "Inner"


def test_one_schema_per_type_is_the_looser_one_when_asked():
    schemas = Schemas(json_schemas, separate=False)
    given, received = schemas.of(Inner, "input"), schemas.of(Inner, "output")

    components = schemas.fill()

    assert given == received == {"$ref": REF + "Inner"}
    assert "required" not in components["Inner"]


def test_siblings_stay_beside_a_reference():
    schemas = Schemas(json_schemas)
    schema = schemas.of(Plain, "input", default={"name": "x"})

    schemas.fill()

    assert schema == {"$ref": REF + "Plain", "default": {"name": "x"}}


def test_components_are_in_order_of_their_names():
    schemas = Schemas(json_schemas)
    for kind in (Plain, Outer, Inner):
        schemas.of(kind, "output")

    assert list(schemas.fill()) == ["Inner", "Outer", "Plain"]


def test_the_shared_problem_gives_way_to_a_type_of_the_same_name():
    schemas = Schemas(json_schemas)
    schemas.of(Problem, "output")
    problem, validation = schemas.problem("Problem"), schemas.problem("ValidationProblem")

    components = schemas.fill()

    assert problem == {"$ref": REF + "Problem2"}
    assert validation == {"$ref": REF + "ValidationProblem"}
    assert list(components["Problem"]["properties"]) == ["mine"]
    assert "status" in components["Problem2"]["properties"]


def test_references_in_discriminators_follow_a_renaming_and_values_do_not():
    target = REF + "A"
    both = {
        "oneOf": [{"$ref": target}],
        "discriminator": {"propertyName": "type", "mapping": {"a": target}},
        "properties": {"default": {"$ref": target}},
        "examples": [{"$ref": target}],
    }

    def stand_in(types: Any, *, mode: Any, ref_template: str) -> Any:
        part = {"type": "object", "required": ["x"]} if mode == "output" else {"type": "object"}
        return [dict(both) for _ in types], {"A": part}

    schemas = Schemas(stand_in)
    given = schemas.of(int, "input")
    schemas.of(int, "output")
    schemas.fill()

    renamed = REF + "AInput"
    assert given["oneOf"] == [{"$ref": renamed}]
    assert given["discriminator"]["mapping"] == {"a": renamed}
    assert given["properties"] == {"default": {"$ref": renamed}}
    assert given["examples"] == [{"$ref": target}]


def test_names_that_are_taken_are_numbered():
    def stand_in(types: Any, *, mode: Any, ref_template: str) -> Any:
        part = {"type": "object", "title": mode}
        return [{} for _ in types], {"A": part, "AInput": {"type": "string"}}

    schemas = Schemas(stand_in)
    schemas.of(int, "input")
    schemas.of(int, "output")

    assert list(schemas.fill()) == ["A", "AInput", "AInput2"]
