from typing import Annotated, Any

import jsonschema
import msgspec
import pytest

from gambrel.conversion.schemas import json_schemas
from gambrel.core.http.errors import Fault, NotFound, Unprocessable, problem
from gambrel.openapi.components import Schemas
from gambrel.openapi.content import Content
from gambrel.openapi.responses import build_responses
from gambrel.operations import BodyInfo, ResponseInfo
from tests.openapi.shop import operation, param


def responses(described: Any, security: Any = ()) -> dict[str, Any]:
    schemas = Schemas(json_schemas)
    built = build_responses(described, Content(schemas), security)
    schemas.fill()
    return built


def statuses(described: Any, security: Any = ()) -> list[str]:
    return list(responses(described, security))


def test_an_operation_without_input_has_only_what_it_declares():
    assert statuses(operation()) == ["200"]


def test_a_body_can_be_malformed_too_large_of_unknown_type_or_invalid():
    described = operation("POST", body=BodyInfo(dict[str, int]))

    assert statuses(described) == ["200", "400", "413", "415", "422"]


@pytest.mark.parametrize(
    ("annotation", "more"),
    [
        (str, {"required": True}),
        (int, {"required": False}),
        (Annotated[str, msgspec.Meta(max_length=3)], {"required": False}),
        (list[int], {"required": False}),
    ],
)
def test_a_query_that_can_be_wrong_is_answered_with_422(annotation, more):
    described = operation(params=[param("q", "query", annotation, **more)])

    assert statuses(described) == ["200", "400", "422"]


@pytest.mark.parametrize(
    ("annotation", "explode", "expected"), [(str | None, False, ["422"]), (list[str], True, [])]
)
def test_a_query_that_takes_any_text_once_may_still_come_twice(annotation, explode, expected):
    described = operation(params=[param("q", "query", annotation, required=False, explode=explode)])

    assert statuses(described) == ["200", "400", *expected]


def test_a_path_of_any_text_is_always_valid_and_a_typed_one_is_not():
    assert statuses(operation(params=[param("x", "path", str)])) == ["200", "400"]
    assert statuses(operation(params=[param("x", "path", int)])) == ["200", "400", "422"]


def test_a_converter_in_the_path_refuses_with_404():
    numbered = param("x", "path", str, converter="int")
    anything = param("x", "path", str, converter="path")

    assert statuses(operation(params=[numbered])) == ["200", "400", "404"]
    assert statuses(operation(params=[anything])) == ["200", "400"]


def test_a_guarded_operation_refuses_with_401_and_for_scopes_with_403():
    assert statuses(operation(), [{"token": []}]) == ["200", "401"]
    assert statuses(operation(), [{"token": ["write"]}]) == ["200", "401", "403"]


def test_an_operation_that_credentials_may_be_left_out_of_never_asks_for_them():
    assert statuses(operation(), [{"token": []}, {}]) == ["200"]


def test_an_operation_with_several_representations_may_have_none_that_suits():
    kinds = ("application/json", "application/msgpack")
    described = operation(responses={200: ResponseInfo(200, annotation=str, media_types=kinds)})

    assert statuses(described) == ["200", "406"]


def test_a_declared_problem_keeps_its_words_and_gets_the_shared_schema():
    described = operation(responses={404: ResponseInfo(404, "No such bean.")})

    assert responses(described)["404"] == {
        "description": "No such bean.",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def test_a_declared_body_of_an_error_replaces_the_problem():
    described = operation(responses={409: ResponseInfo(409, annotation=dict[str, int])})

    assert list(responses(described)["409"]["content"]) == ["application/json"]


def test_a_response_without_content_shows_none():
    described = operation(responses={204: ResponseInfo(204, annotation=str)})

    assert responses(described) == {"204": {"description": "No Content"}}


def test_a_response_of_unknown_type_tells_its_media_type():
    described = operation(responses={200: ResponseInfo(200, media_types=("text/html",))})

    assert responses(described)["200"]["content"] == {"text/html": {"schema": {"type": "string"}}}


def test_who_chooses_the_status_may_answer_with_any_and_with_pages_at_faults():
    pages = ResponseInfo(200, media_types=("text/html",))
    rest = ResponseInfo(0, "Whatever.", media_types=())
    typed = [param("page", "query", int)]
    built = responses(operation(params=typed, responses={200: pages, 0: rest}))

    assert built["default"] == {"description": "Whatever."}
    assert list(built["422"]["content"]) == ["application/problem+json", "text/html"]
    assert list(built["200"]["content"]) == ["text/html"]


def test_headers_of_a_response_have_their_types():
    described = operation(responses={200: ResponseInfo(200, headers={"X-Total": int})})

    assert responses(described)["200"]["headers"] == {"X-Total": {"schema": {"type": "integer"}}}


def test_an_operation_that_declares_nothing_still_answers():
    assert responses(operation(responses={})) == {"200": {"description": "OK"}}


def schema_of(name: Any) -> dict[str, Any]:
    schemas = Schemas(json_schemas)
    reference = schemas.problem(name)
    return {"components": {"schemas": schemas.fill()}, **reference}


@pytest.mark.parametrize("detail", ["Gone fishing.", ""])
def test_what_the_framework_answers_is_what_the_problem_schema_says(detail):
    sent = msgspec.to_builtins(problem(NotFound(detail), "/x"))

    jsonschema.validate(sent, schema_of("Problem"))


def test_what_the_framework_answers_is_what_the_validation_schema_says():
    faults = [Fault("body", "items[0]", "Too many.", "range", "/items/0")]
    sent = msgspec.to_builtins(problem(Unprocessable(faults=faults)))

    jsonschema.validate(sent, schema_of("ValidationProblem"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**sent, "errors": [{}]}, schema_of("ValidationProblem"))
