import json
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gambrel.conversion.schemas import json_schemas
from gambrel.core.http.errors import GambrelError
from gambrel.openapi.document import build_document, conflicts, export
from gambrel.openapi.options import Document, Selection, Server, Tag
from gambrel.operations import BodyInfo
from tests.openapi.shop import operation, param, shop_document, shop_operations


def built(*operations: Any, **options: Any) -> dict[str, Any]:
    return build_document(operations, json_schemas, Document(**options))


def test_a_whole_document_is_valid_openapi_3_1():
    document = json.loads(export(shop_operations(), json_schemas, shop_document()))

    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    assert document["openapi"] == "3.1.1"


def test_the_same_app_gives_the_same_bytes():
    first = export(shop_operations(), json_schemas, shop_document())
    second = export(shop_operations(), json_schemas, shop_document())

    assert first == second


def test_an_indented_export_holds_the_same_document_and_ends_its_last_line():
    plain = export(shop_operations(), json_schemas, shop_document())
    indented = export(shop_operations(), json_schemas, shop_document(), indent=2)

    assert msgspec.json.decode(plain) == msgspec.json.decode(indented)
    assert indented.endswith(b"}\n")


def test_an_app_without_operations_has_a_document_with_empty_paths():
    document = built()

    assert document == {
        "openapi": "3.1.1",
        "info": {"title": "API", "version": "0.1.0"},
        "paths": {},
    }


def test_paths_keep_the_order_of_declaration():
    document = built(operation(path="/b"), operation(path="/a"))

    assert list(document["paths"]) == ["/b", "/a"]


def test_hidden_operations_are_left_out():
    document = built(operation(path="/seen"), operation(path="/unseen", hidden=True))

    assert list(document["paths"]) == ["/seen"]


def test_the_query_method_appears_from_openapi_3_2_on():
    search = operation("QUERY", "/search")

    assert built(search)["paths"] == {}
    assert "query" in built(search, openapi="3.2")["paths"]["/search"]
    assert built(search, openapi="3.2")["openapi"] == "3.2.0"


def test_a_method_openapi_does_not_know_is_an_additional_operation_in_3_2():
    item = built(operation("PURGE", "/cache"), openapi="3.2")["paths"]["/cache"]

    assert list(item["additionalOperations"]) == ["PURGE"]


def test_templates_that_differ_in_names_only_are_one_path():
    by_id = operation("GET", "/x/{id}", "a", params=[param("id", "path", str)])
    by_key = operation("PUT", "/x/{key}", "b", params=[param("key", "path", str)])

    document = built(by_id, by_key)

    assert list(document["paths"]) == ["/x/{id}"]
    assert document["paths"]["/x/{id}"]["put"]["parameters"][0]["name"] == "id"


def test_of_two_operations_in_one_place_the_first_is_shown_and_the_second_told_of():
    first = operation(path="/x", name="first", where="app.py:1")
    second = operation(path="/x", name="second", where="app.py:9", host="b.example")

    assert built(first, second)["paths"]["/x"]["get"]["operationId"] == "first"
    [sentence] = conflicts([first, second], Document())
    assert "GET /x (app.py:9) is described by app.py:1 already" in sentence


def test_operations_in_different_documents_do_not_conflict():
    one = operation(path="/x", version="1")
    two = operation(path="/x", version="2")

    assert conflicts([one, two], Document(only=Selection(versions=["2"]))) == []


def test_a_selection_keeps_the_operations_of_others_out():
    public = operation(path="/a", tags=("public",))
    internal = operation(path="/b", name="b", tags=("internal",))

    document = built(public, internal, only=Selection(tags=["public"]))

    assert list(document["paths"]) == ["/a"]
    assert [tag["name"] for tag in document["tags"]] == ["public"]


def test_declared_tags_come_first_and_used_ones_follow():
    used = operation(tags=("zebra", "apple"))

    document = built(used, tags=[Tag("apple", "Fruit.", "https://example.com"), "empty"])

    assert document["tags"] == [
        {
            "name": "apple",
            "description": "Fruit.",
            "externalDocs": {"url": "https://example.com"},
        },
        {"name": "empty"},
        {"name": "zebra"},
    ]


def test_servers_are_addresses_or_records():
    server = Server("https://{region}.example", "Live", {"region": {"default": "eu"}})

    document = built(servers=["/v1", server])

    assert document["servers"] == [
        {"url": "/v1"},
        {
            "url": "https://{region}.example",
            "description": "Live",
            "variables": {"region": {"default": "eu"}},
        },
    ]


def test_a_security_scheme_that_nobody_described_is_refused_with_the_line_to_add():
    guarded = operation(security=[{"token": []}], where="app.py:7")

    with pytest.raises(GambrelError) as caught:
        built(guarded)

    assert "'token' is named and nowhere described" in caught.value.what
    assert caught.value.where == "app.py:7"
    assert 'security_schemes={"token"' in caught.value.hint


def test_extra_is_laid_over_the_finished_document():
    document = built(extra={"x-logo": "/logo.svg", "info": {"x-audience": "partners"}})

    assert document["x-logo"] == "/logo.svg"
    assert document["info"] == {"title": "API", "version": "0.1.0", "x-audience": "partners"}


def test_no_default_that_json_cannot_express_is_shown():
    secretive = param("token", "query", str, required=False, default=object())

    document = built(operation(params=[secretive], body=BodyInfo(dict[str, int])))

    assert b"object at" not in msgspec.json.encode(document)
