from typing import Any

import pytest

from gambrel.client.typed.operations import methods_of
from gambrel.client.typed.schemas import Types


def text_of(path: str, operation: dict[str, Any], **more: Any) -> str:
    types = Types({"paths": {path: {"get": operation, **more}}})
    return next(methods_of(types)).text


def test_an_operation_without_an_id_is_named_by_its_path():
    assert "async def get_orders_id(self, id: Any) -> None:" in text_of(
        "/orders/{id}", {"parameters": [{"name": "id", "in": "path", "required": True}]}
    )


def test_parameters_of_a_path_are_those_of_all_its_operations():
    shared = [{"name": "shop", "in": "query", "required": True, "schema": {"type": "string"}}]

    text = text_of("/", {"operationId": "home"}, parameters=shared)

    assert "async def home(self, *, shop: str) -> None:" in text
    assert 'query={"shop": shop}' in text


def test_a_body_that_is_no_json_is_bytes_and_may_be_left_out():
    text = text_of("/", {"operationId": "put", "requestBody": {"content": {"image/png": {}}}})

    assert "async def put(self, *, body: bytes | None = None) -> None:" in text
    assert 'media_type="image/png"' in text


def test_an_answer_that_may_be_missing_is_none_or_its_type():
    answers = {
        "200": {"content": {"application/json": {"schema": {"type": "integer"}}}},
        "204": {},
        "404": {"content": {"application/json": {}}},
    }

    assert "-> int | None:" in text_of("/", {"responses": answers})


def test_two_operations_of_one_name_are_two_methods():
    types = Types({"paths": {"/a": {"get": {"operationId": "ask"}, "put": {"operationId": "ask"}}}})

    assert [method.name for method in methods_of(types)] == ["ask_", "ask_2"]


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/", "", "x", ":8080/"])
def test_no_path_leads_to_another_host(path: str):
    types = Types({"paths": {path: {"get": {"responses": {"204": {}}}}}})

    (method,) = methods_of(types)

    assert (method.text, method.why_not) == ("", f"GET {path}: its path does not begin with /")


def test_a_form_with_files_is_left_out_as_its_boundary_would_be_missing():
    types = Types(
        {"paths": {"/": {"post": {"requestBody": {"content": {"multipart/form-data": {}}}}}}}
    )

    assert next(methods_of(types)).why_not == "POST /: its body is multipart/form-data"


def test_operations_of_a_path_that_is_elsewhere():
    item = {"get": {"operationId": "one", "responses": {"204": {}}}}
    types = Types(
        {"paths": {"/a": {"$ref": "#/components/pathItems/A"}},
         "components": {"pathItems": {"A": item}}}
    )  # fmt: skip

    assert 'self.ask("GET", "/a", None)' in next(methods_of(types)).text


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"default": {}}, "httpx2.Response"),
        ({"default": {}, "200": {"content": {"application/json": {}}}}, "Any"),
        ({"default": {}, "204": {}}, "None"),
        ({"default": {"content": {"text/html": {}}}}, "str"),
        ({}, "None"),
    ],
)
def test_an_answer_of_any_status_counts_where_there_is_no_other(answers: Any, expected: str):
    assert f"-> {expected}:" in text_of("/", {"responses": answers})
