from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gambrel.openapi.contain import Misfits, resolve

POINT = {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}


def sent(old: Any, new: Any) -> list[tuple[str, str]]:
    return list(Misfits({}, {}, are_sent=True).of(old, new, "body"))


def received(old: Any, new: Any) -> list[tuple[str, str]]:
    return list(Misfits({}, {}, are_sent=False).of(old, new, "200"))


def nullable(kind: str) -> dict[str, Any]:
    return {"anyOf": [{"type": kind}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ({"type": "integer"}, {"type": "string"}, "was integer, is string"),
        ({}, {"type": "string"}, "was anything, is string"),
        ({"type": "integer"}, {"type": "integer", "minimum": 1}, "minimum was open, is 1"),
        ({"maxLength": 9}, {"maxLength": 8}, "maxLength was 9, is 8"),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, "was one of a, b, is one of a"),
        ({"type": "string"}, {"const": "a"}, "was open, is one of a"),
        ({"pattern": "a"}, {"pattern": "b"}, "pattern was a, is b"),
        (nullable("string"), {"type": "string"}, "may not be null now"),
        (POINT, {**POINT, "additionalProperties": False}, "takes no further members now"),
    ],
)
def test_what_was_taken_must_still_be_taken(old, new, what):
    assert sent(old, new) == [("body", what)]
    assert received(new, old) != [] or "additionalProperties" in new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "string"}, nullable("string")),
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string"}, {"type": "string", "nullable": True}),
        ({"type": "integer", "minimum": 2}, {"type": "integer", "minimum": 1}),
        ({"enum": ["a"]}, {"type": "string"}),
        ({"const": 1}, {"enum": [1, 2]}),
        ({"type": "string", "format": "date"}, {"type": "string"}),
        ({"type": "string"}, {}),
        (POINT, {**POINT, "properties": {**POINT["properties"], "y": {"type": "integer"}}}),
        (POINT, {"allOf": [POINT, {"description": "as it was"}]}),
    ],
)
def test_more_may_be_taken_and_less_be_given(old, new):
    assert sent(old, new) == []
    assert sent(old, old) == received(old, old) == []


def test_members_are_told_by_their_path():
    old = {"type": "object", "properties": {"points": {"type": "array", "items": POINT}}}
    tall = {**POINT, "properties": {"y": {"type": "integer"}}, "required": ["y"]}
    new = {"type": "object", "properties": {"points": {"type": "array", "items": tall}}}

    assert sent(old, new) == [
        ("body points[].x", "is gone"),
        ("body points[].y", "is required now"),
    ]
    assert received(old, new) == [("200 points[].x", "is gone")]


def test_a_member_that_is_no_longer_certain_is_told_to_who_receives_it():
    new = {**POINT, "required": []}

    assert received(POINT, new) == [("200 x", "may be missing now")]
    assert sent(POINT, new) == []


def test_of_several_types_each_must_fit_one():
    cat = {"type": "object", "properties": {"kind": {"const": "cat"}}, "required": ["kind"]}
    dog = {"type": "object", "properties": {"kind": {"const": "dog"}}, "required": ["kind"]}

    assert sent({"oneOf": [cat, dog]}, {"anyOf": [dog, cat, {"type": "null"}]}) == []
    assert sent({"oneOf": [cat, dog]}, cat) == [("body kind", "was one of dog, is one of cat")]


def test_recursive_types_end():
    tree = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/tree"}}},
    }
    other = {"tree": {**tree, "required": ["children"]}}
    link = {"$ref": "#/tree"}

    found = list(Misfits({"tree": tree}, other, are_sent=True).of(link, link, "body"))

    assert found == [("body children", "is required now")]


def web(size: int, first: dict[str, Any]) -> dict[str, Any]:
    """Return types of which each has a member of each other type, and `first`."""
    names = [f"t{number}" for number in range(size)]
    others = {name: {"$ref": f"#/{name}"} for name in names}
    types = {name: {"type": "object", "properties": others} for name in names}
    types["t0"] = {**types["t0"], "properties": {**others, "first": first}}
    return types


@pytest.mark.parametrize(("now", "count"), [("integer", 0), ("string", 1)])
def test_types_that_all_hold_each_other_are_compared_pair_by_pair(now, count):
    size, link = 12, {"$ref": "#/t0"}
    compared = []

    class Counted(Misfits):
        def compared(self, inner: Any, outer: Any) -> Any:
            compared.append((inner, outer))
            return super().compared(inner, outer)

    old, new = web(size, {"type": "integer"}), web(size, {"type": now})
    found = list(Counted(old, new, are_sent=True).of(link, link, "body"))

    assert found == [("body first", "was integer, is string")][:count]
    assert len(compared) == size + 1


def test_what_fits_only_if_its_holder_does_is_looked_at_again():
    def holder(name: str, kind: str) -> dict[str, Any]:
        return {"type": "object", "properties": {name: {"$ref": f"#/{kind}"}}}

    old = {
        "node": holder("leaf", "leaf"),
        "leaf": holder("node", "node"),
        "lax node": holder("leaf", "lax leaf"),
        "lax leaf": holder("node", "lax node"),
    }
    new = {**old, "node": {**old["node"], "required": ["leaf"]}}
    either = {"anyOf": [{"$ref": "#/node"}, {"$ref": "#/lax node"}]}
    two = {"$ref": "#/leaf"}
    pair = {"type": "object", "properties": {"one": {"$ref": "#/node"}, "two": two}}
    taken = {"type": "object", "properties": {"one": either, "two": two}}

    found = list(Misfits(old, new, are_sent=True).of(pair, taken, "body"))

    assert found == [("body two.node.leaf", "is required now")]


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([{"minimum": 5}, {"minimum": 1}], {"minimum": 5}),
        ([{"maxLength": 2}, {"maxLength": 9}], {"maxLength": 2}),
        ([{"enum": ["a", "b"]}, {"enum": ["b", "c"]}], {"enum": ["b"]}),
        ([{"type": "integer"}, {"type": "number"}], {"type": "integer"}),
        ([{"type": ["string", "null"]}, {"type": ["null", "object"]}], {"type": "null"}),
        ([{"pattern": "a"}, {"pattern": "b"}], {"allOf": [{"pattern": "b"}, {"pattern": "a"}]}),
        ([{"uniqueItems": True}, {"uniqueItems": False}], {"uniqueItems": True}),
        ([{"items": {"minimum": 5}}, {"items": {"minimum": 1}}], {"items": {"minimum": 5}}),
        (
            [{"properties": {"x": {"minimum": 5}}}, {"properties": {"x": {"minimum": 1}}}],
            {"properties": {"x": {"minimum": 5}}},
        ),
        (
            [{"additionalProperties": False}, {"additionalProperties": True}],
            {"additionalProperties": False},
        ),
        (
            [{"anyOf": [{"minimum": 1}, {"minimum": 2}]}, {"anyOf": [{"minimum": 3}]}],
            {"minimum": 3},
        ),
    ],
)
def test_all_parts_of_a_schema_count(parts, whole):
    for together in (parts, parts[::-1]):
        assert sent({"allOf": together}, whole) == sent(whole, {"allOf": together}) == []


def test_a_part_that_was_lost_is_told():
    old = {"allOf": [{"type": "string", "maxLength": 9}, {"pattern": "a"}]}
    new = {"allOf": [{"type": "string", "maxLength": 9}, {"pattern": "a"}, {"pattern": "b"}]}

    assert sent(old, new) == [("body", "pattern was a, is a and b")]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/a"},
        {"allOf": [{"$ref": "#/a"}]},
        {"anyOf": [{"type": "null"}, {"oneOf": [{"$ref": "#/a"}]}]},
    ],
)
def test_a_schema_that_stands_for_itself_is_refused(schema):
    misfits = Misfits({"a": schema}, {"a": schema}, are_sent=True)

    with pytest.raises(ValueError, match="#/a stands for itself"):
        list(misfits.of({"$ref": "#/a"}, {"type": "null"}, "body"))


def test_references_are_followed_with_their_escapes():
    assert resolve({"a/b": {"~": {"type": "null"}}}, {"$ref": "#/a~1b/~0", "title": "T"}) == {
        "type": "null",
        "title": "T",
    }


SCALARS = st.sampled_from(
    [
        {"type": "null"},
        {"type": "boolean"},
        {"type": "string", "maxLength": 1},
        {"type": "string", "minLength": 2},
        {"type": "integer", "minimum": 0},
        {"type": "number", "exclusiveMaximum": 2},
        {"enum": ["a", "bc", 1]},
        {"const": 0},
        {"type": ["string", "null"]},
        {},
    ]
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.fixed_dictionaries({"x": inner, "y": inner})  # nobody sends what is not described
    return st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": named,
                "required": st.lists(st.sampled_from("xy"), unique=True),
            },
            optional={"additionalProperties": st.booleans()},
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda members: {"anyOf": members}),
        st.lists(inner, min_size=2, max_size=2).map(lambda members: {"allOf": members}),
    )


SCHEMAS = st.recursive(SCALARS, containers, max_leaves=4)
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, -1, 1.5, 3, "", "a", "bc", "def"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=4,
)


@given(SCHEMAS, SCHEMAS, st.booleans(), st.lists(VALUES, min_size=5))
def test_where_nothing_is_told_every_value_still_fits(old, other, is_wider, values):
    new = {"anyOf": [other, old]} if is_wider else other
    taken, still = Draft202012Validator(old), Draft202012Validator(new)

    stumbling = [value for value in values if taken.is_valid(value) and not still.is_valid(value)]

    assert sent(old, new) or not stumbling


@given(SCHEMAS)
def test_a_schema_fits_itself(schema):
    assert sent(schema, schema) == received(schema, schema) == []
