from typing import Any

from gambrel.openapi.compare import Change, breaking_changes

STRING = {"type": "string"}


def document(path: str = "/pots/{id}", method: str = "get", **operation: Any) -> dict[str, Any]:
    return {"paths": {path: {method: {"responses": {"200": {}}, **operation}}}}


def told(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [str(change) for change in breaking_changes(old, new)]


def param(name: str, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": STRING, **more}


def test_an_operation_that_has_gone_is_told():
    old, new = document("/pots"), document("/pots", "post")

    assert breaking_changes(old, new) == [Change("GET /pots", "", "is gone")]
    assert told(old, old) == []


def test_the_name_of_a_path_parameter_does_not_matter_its_type_does():
    old = document(parameters=[param("id", "path")])
    new = document("/pots/{number}", parameters=[param("number", "path")])
    narrow = document(parameters=[param("id", "path", schema={"type": "integer"})])

    assert told(old, new) == []
    assert told(old, narrow) == ["GET /pots/{id}: path parameter 1: was string, is integer"]


def test_parameters_may_be_added_if_they_may_be_left_out():
    old = document(parameters=[param("q"), param("X-Trace", "header")])
    wide = document(parameters=[param("q"), param("x-trace", "header"), param("new")])
    strict = document(parameters=[param("q", required=True), param("new", required=True)])

    assert told(old, wide) == []
    assert told(old, strict) == [
        "GET /pots/{id}: header x-trace: is gone",
        "GET /pots/{id}: query q: is required now",
        "GET /pots/{id}: query new: is required now",
    ]


def test_parameters_of_the_path_and_references_count():
    old = document()
    new = document()
    new["components"] = {"parameters": {"tenant": param("tenant", required=True)}}
    new["paths"]["/pots/{id}"]["parameters"] = [{"$ref": "#/components/parameters/tenant"}]

    assert told(old, new) == ["GET /pots/{id}: query tenant: is required now"]


def test_what_is_sent_must_still_be_taken_as_what_it_is():
    json = {"application/json": {"schema": {"type": "integer"}}}
    msgpack = {"application/msgpack": {"schema": {"type": "integer", "minimum": 1}}}
    old = document(
        requestBody={"content": {**json, "application/msgpack": json["application/json"]}}
    )
    new = document(requestBody={"required": True, "content": msgpack})

    assert told(old, new) == [
        "GET /pots/{id}: body: is required now",
        "GET /pots/{id}: body: is not taken as application/json any more",
        "GET /pots/{id}: body: minimum was open, is 1",
    ]


def test_what_is_received_must_still_be_as_it_was_told():
    content = {"application/json": {"schema": {"type": "integer"}}, "text/csv": {}}
    loose = {"application/json": {"schema": {"type": ["integer", "null"]}}}
    old = document(
        responses={"200": {"content": content, "headers": {"ETag": {}}}, "202": {}, "404": {}}
    )
    new = document(responses={"200": {"content": loose}})

    assert told(old, new) == [
        "GET /pots/{id}: 200: may be null now",
        "GET /pots/{id}: 200: does not come as text/csv any more",
        "GET /pots/{id}: 200: has no header ETag any more",
        "GET /pots/{id}: 202: is not answered any more",
    ]


def test_who_was_let_in_must_be_let_in():
    old = document(security=[{"token": ["read", "write"]}])
    less = document(security=[{"token": ["read"]}, {"key": []}])
    more = document(security=[{"token": ["read"], "key": []}])
    whole = {**document(), "security": [{"key": []}]}

    assert told(old, less) == []
    assert told(old, more) == ["GET /pots/{id}: security: asks for token (read) and key now"]
    assert told(document(), whole) == ["GET /pots/{id}: security: asks for key now"]
    assert told(whole, document()) == []
