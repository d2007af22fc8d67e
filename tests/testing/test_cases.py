import jsonschema_rs
import pytest

from gambrel.testing.cases import UNFIT, Case, cases_of, sample, text_of
from gambrel.testing.document import Described

POT = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "litres": {"type": "integer", "minimum": 2}},
}


def told_of(operation: dict, *parameters: dict, method: str = "POST") -> dict[str, Case]:
    """Return the requests of an operation by what is particular in them."""
    one = Described(method, "/pots/{id}", operation, list(parameters))
    return {case.told: case for case in cases_of({}, one)}


def json_body(media: dict) -> dict:
    return {"requestBody": {"content": {"application/msgpack": {}, "application/json": media}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 3, "multipleOf": 5},
        {"type": "integer", "exclusiveMinimum": 3},
        {"type": "integer", "maximum": -4},
        {"type": "number", "exclusiveMaximum": 0},
        {"type": "string", "minLength": 3, "maxLength": 4},
        {"type": "string", "maxLength": 0},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
        {"type": ["null", "string"]},
        {"type": "null"},
        {"enum": ["red", "blue"]},
        {"const": 7},
        {"anyOf": [{"type": "null"}, {"type": "integer"}]},
        {"allOf": [POT, {"type": "object", "required": ["b"], "properties": {"b": {"const": 1}}}]},
        {"allOf": [{"type": "integer"}]},
        POT,
        True,
    ],
)
def test_a_sample_fits_its_schema(schema):
    value = sample({}, schema)

    assert jsonschema_rs.Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("name", ["date-time", "date", "uuid", "email", "uri", "ipv4", "ipv6"])
def test_a_sample_has_the_format_of_its_schema(name):
    schema = {"type": "string", "format": name}

    checked = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    assert checked.is_valid(sample({}, schema))


def test_examples_and_defaults_are_taken_before_anything_is_made_up():
    assert sample({}, {"type": "integer", "examples": [5]}) == 5
    assert sample({}, {"type": "integer", "default": 6}) == 6
    assert sample({}, {"type": "string", "format": "binary"}) == b"example"


def test_a_schema_that_holds_itself_ends():
    tree = {"type": "object", "required": ["in"], "properties": {"in": {"$ref": "#/tree"}}}

    assert "in" in sample({"tree": tree}, tree)


def test_the_first_request_is_the_example():
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    body = json_body(
        {"schema": POT, "examples": {"a": {"value": {"name": "x"}}, "b": {"value": 3}}}
    )

    cases = told_of(body, number, page)

    first = next(iter(cases.values()))
    assert first.told == "its example"
    assert (first.path("/pots/{id}"), first.query()) == ("/pots/1", [])
    assert (first.media_type, first.body) == ("application/json", {"name": "x"})
    assert cases["example 2 of its body"].body == 3


def test_parameters_are_left_out_empty_and_of_another_type():
    page = {"name": "page", "in": "query", "required": True, "schema": {"type": "integer"}}

    cases = told_of({}, page)

    assert cases["without the query parameter 'page'"].query() == []
    assert cases["the query parameter 'page' empty"].query() == [("page", "")]
    assert cases[f"the query parameter 'page' as {UNFIT!r}"].query() == [("page", UNFIT)]


def test_a_path_that_does_not_fit_may_be_that_of_another_operation():
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}

    unfit = told_of({}, number)[f"the path parameter 'id' as {UNFIT!r}"]

    assert unfit.is_elsewhere
    assert unfit.path("/pots/{id}") == "/pots/no%20such%20value"


def test_bodies_are_left_out_malformed_and_not_complete():
    cases = told_of(json_body({"schema": POT}))

    assert cases["without its body"].media_type == ""
    assert cases["a body of another media type"].media_type == "text/x-other"
    assert cases["the body b'{'"].body == b"{"
    assert cases["a body without 'name'"].body == {"litres": 2}
    assert cases["'litres' of another type"].body == {"name": "a", "litres": UNFIT}
    assert cases["'name' of another type"].body == {"name": 0, "litres": 2}


def test_a_document_makes_the_same_requests_each_time():
    body = json_body({"schema": POT})

    assert list(told_of(body).values()) == list(told_of(body).values())


def test_lists_and_objects_of_a_query_are_several_parameters():
    case = Case(told="", values={("query", "a"): [1, True], ("query", "b"): {"c": "x"}})

    assert case.query() == [("a", "1"), ("a", "true"), ("c", "x")]
    assert text_of([1, "b"]) == "1,b"
