from typing import Any

import pytest

from gambrel.client.typed.schemas import Types, default_of, pointed


def type_of(schema: Any, **named: Any) -> tuple[str, dict[str, str]]:
    types = Types({"components": {"schemas": named}})
    return types.of(schema, "Given"), types.classes


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer"}, "int"),
        ({"type": ["string", "null"], "format": "date"}, "datetime.date | None"),
        ({"type": "string", "format": "uuid"}, "uuid.UUID"),
        ({"type": "string", "format": "unheard-of"}, "str"),
        ({"enum": ["a", 'b"', None]}, 'Literal["a", "b\\""] | None'),
        ({"const": 7}, "Literal[7]"),
        ({"enum": [True, 1.5]}, "Any"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]"),
        ({"type": "array"}, "list[Any]"),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {}], "items": False},
            "tuple[int, Any]",
        ),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "int | str"),
        ({"anyOf": [{"type": "string"}, {"type": "string", "format": "date"}]}, "Any"),
        ({"oneOf": [{"enum": ["a | b"]}, {"type": "null"}]}, 'Literal["a | b"] | None'),
        ({"$ref": "#/components/schemas/Nowhere"}, "Any"),
        (True, "Any"),
        ({}, "Any"),
    ],
)
def test_schemas_are_types(schema: Any, expected: str):
    assert type_of(schema) == (expected, {})


def test_an_object_is_a_struct_and_what_may_be_missing_is_unset():
    found, classes = type_of(
        {
            "properties": {
                "id": {"type": "integer"},
                "a-b": {"type": "string"},
                "page": {"type": "integer", "default": 1},
                "list": {"type": "array", "items": {"properties": {"x": {}}}},
            },
            "required": ["id", "a-b"],
            "description": 'What is "given"',
        }
    )

    assert found == "Given"
    assert classes["Given"].splitlines() == [
        "class Given(Struct, kw_only=True):",
        '    """What is "given" """',
        "    id: int",
        '    a_b: str = field(name="a-b")',
        "    page: int = 1",
        '    list_: list[GivenListItem] | UnsetType = field(default=UNSET, name="list")',
    ]
    assert "x: Any = UNSET" in classes["GivenListItem"]


def test_objects_that_hold_themselves_and_arrays_that_do():
    node = {
        "type": "object",
        "properties": {
            "next": {"anyOf": [{"$ref": "#/components/schemas/node"}, {"type": "null"}]}
        },
    }
    tree = {"type": "array", "items": {"$ref": "#/components/schemas/tree"}}

    found, classes = type_of({"$ref": "#/components/schemas/node"}, node=node)

    assert found == "Node"
    assert "next_: Node | None | UnsetType" in classes["Node"]
    assert type_of({"$ref": "#/components/schemas/tree"}, tree=tree)[0] == "list[Any]"


def test_objects_are_told_apart_by_their_tag_or_are_anything():
    def one(kind: str) -> dict[str, Any]:
        return {"type": "object", "properties": {"kind": {"const": kind}}, "required": ["kind"]}

    both: dict[str, Any] = {
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}]
    }
    mapping = {name.lower(): f"#/components/schemas/{name}" for name in ("Cat", "Dog")}
    told = {**both, "discriminator": {"propertyName": "kind", "mapping": mapping}}

    types = Types(
        {"told": told, "components": {"schemas": {"Cat": one("cat"), "Dog": one("dog"), "T": told}}}
    )

    assert types.of(told, "Given") == "Cat | Dog"
    assert types.classes["Cat"] == (
        'class Cat(Struct, kw_only=True, tag_field="kind", tag="cat"):\n    pass'
    )
    assert type_of(both, Cat=one("cat"), Dog=one("dog"))[0] == "Any"


def test_several_at_once_are_one_object():
    first = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    second = {"properties": {"b": {"type": "string"}}, "required": ["b"]}

    found, classes = type_of(
        {"allOf": [{"$ref": "#/components/schemas/First"}, second]}, First=first
    )

    assert found == "Given"
    assert classes["Given"].endswith("    a: int\n    b: str")


def test_defaults_that_can_be_written():
    assert default_of({"default": "x"}, "str") == ('"x"', True)
    assert default_of({"default": None}, "int | None") == ("None", True)
    assert default_of({"default": []}, "list[str]") == ("", False)
    assert default_of({"default": "2026-01-01"}, "datetime.date") == ("", False)


def test_what_a_reference_means():
    document = {"a/b": {"c~d": {"type": "string"}}}

    assert pointed(document, "#/a~1b/c~0d") == {"type": "string"}
    assert pointed(document, "#/a~1b/nothing/there") == {}
