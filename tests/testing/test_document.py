import copy
import json

import pytest

from gambrel import App
from gambrel.testing.document import find_faults, operations_of, read_document, resolve

SHELF = {
    "openapi": "3.1.1",
    "info": {"title": "Shelf", "version": "1"},
    "paths": {
        "/pots/{id}": {
            "parameters": [{"$ref": "#/components/parameters/id"}],
            "get": {"operationId": "show", "responses": {"200": {"description": "the pot"}}},
            "additionalOperations": {"COPY": {"responses": {"2XX": {"description": "done"}}}},
        }
    },
    "components": {
        "parameters": {"id": {"name": "id", "in": "path", "required": True, "schema": {}}},
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
    },
}


def changed(path: str, value: object) -> dict:
    """Return the document with one member set, or left out where the value is None."""
    document = copy.deepcopy(SHELF)
    *steps, last = path.split(" ")
    part = document
    for step in steps:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return document


def test_a_valid_document_has_no_faults():
    assert find_faults(SHELF) == []


def test_the_document_of_an_app_has_none():
    app = App()

    @app.get("/pots/{number}")
    async def show(number: int) -> str:
        return "a pot"

    assert find_faults(read_document(app, None)) == []


GET = "paths /pots/{id} get"


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        ("openapi", "2.0", "names no version 3"),
        ("info title", None, "`info` has no title"),
        ("paths pots", {}, "does not begin with `/`"),
        (f"{GET} responses", {}, "GET /pots/{id} (show): it has no responses"),
        (f"{GET} responses 200", {}, "its response 200 has no description"),
        (f"{GET} responses OK", {"description": ""}, "'OK' is no status"),
        (f"{GET} requestBody", {}, "its body has no content"),
        (f"{GET} security", [{"kye": []}], "there is no security scheme 'kye'"),
        ("paths /pots/{id} parameters", [], "the path parameter 'id' is not described"),
        (f"{GET} parameters", [{"name": "b", "in": "path"}], "'b' is not in the path"),
        (f"{GET} parameters", [{"name": "b", "in": "body"}], "no name or no place"),
        (f"{GET} parameters", [{"name": "b", "in": "query"}], "'b' has no schema"),
        ("components parameters id required", False, "'id' is not required"),
        ("components parameters", {}, "nothing stands at '#/components/parameters/id'"),
        ("paths /all", SHELF["paths"]["/pots/{id}"], "has the same operationId"),
    ],
)
def test_what_makes_a_document_invalid_is_told(path, value, fault):
    found = find_faults(changed(path, value))

    assert any(fault in one for one in found), found


def test_operations_have_the_parameters_of_their_path():
    shown, copied = operations_of(SHELF)

    assert (shown.name, copied.name) == ("GET /pots/{id} (show)", "COPY /pots/{id}")
    assert [one["name"] for one in shown.parameters] == ["id"]


@pytest.mark.parametrize("reference", ["#/nothing", "other.json#/a", "#/components/me"])
def test_a_reference_to_nothing_is_no_endless_search(reference):
    document = {"components": {"me": {"$ref": "#/components/me"}}}

    with pytest.raises(LookupError):
        resolve(document, {"$ref": reference})


def test_a_document_is_read_from_a_file(tmp_path):
    (tmp_path / "shelf.json").write_text(json.dumps(SHELF))

    assert read_document(App(), tmp_path / "shelf.json") == SHELF
    assert read_document(App(), SHELF) == SHELF
