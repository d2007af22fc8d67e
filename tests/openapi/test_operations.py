from typing import Annotated, Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gambrel.conversion.schemas import json_schemas
from gambrel.openapi.components import Schemas
from gambrel.openapi.content import Content
from gambrel.openapi.operations import build_operation, build_webhook, operation_ids, overlay
from gambrel.openapi.options import Webhook
from gambrel.operations import BodyInfo
from tests.openapi.shop import operation, param


class Order(msgspec.Struct):
    id: int
    note: str = ""


def build(described: Any, **options: Any) -> dict[str, Any]:
    schemas = Schemas(json_schemas)
    built = build_operation(described, "op", Content(schemas), **options)
    schemas.fill()
    return built


def test_an_operation_id_is_the_handlers_name():
    assert operation_ids([operation(name="list_beans")]) == ["list_beans"]


def test_a_given_operation_id_is_kept():
    assert operation_ids([operation(operation_id="beans.list")]) == ["beans.list"]


def test_names_that_meet_are_told_apart_by_method_and_then_by_path():
    search = [operation("GET", "/s", "search"), operation("POST", "/s", "search")]
    users = [operation("GET", "/v1/users", "users"), operation("GET", "/v2/users", "users")]

    assert operation_ids(search) == ["search_get", "search_post"]
    assert operation_ids(users) == ["users_get_v1_users", "users_get_v2_users"]


def test_text_in_the_path_is_described_without_what_a_path_cannot_have():
    described = operation(
        path="/{a}/{b}/{c}",
        params=[
            param("a", "path", str),
            param("b", "path", Annotated[str, msgspec.Meta(max_length=5)]),
            param("c", "path", str, converter="path"),
            param("d", "path", list[str]),
            param("q", "query", str),
        ],
    )

    schemas = [parameter["schema"] for parameter in build(described)["parameters"]]

    assert schemas == [
        {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]+$"},
        {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]+$", "maxLength": 5},
        {"type": "string", "pattern": r"^[^\x00-\x1f\x7f]+$"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "string"},
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST"]),
            st.sampled_from(["/a", "/a/{b}", "/a/b", "/a_b"]),
            st.sampled_from(["a", "a_get", "a_get_a", "<lambda>", ""]),
        ),
        max_size=12,
    )
)
def test_operation_ids_are_unique_identifiers_whatever_the_names(routes):
    ids = operation_ids([operation(*route) for route in routes])

    assert len(set(ids)) == len(routes)
    assert all(one.isidentifier() for one in ids)


def test_a_summary_is_made_from_the_name_where_none_is_given():
    assert build(operation(name="list_all_beans"))["summary"] == "List all beans"
    assert build(operation(summary="List beans."))["summary"] == "List beans"


def test_parameters_say_where_they_are_and_what_they_take():
    described = operation(
        path="/x/{id}",
        params=[
            param("id", "path", int, description="Which."),
            param("q", "query", str, alias="query", required=False, default="all", deprecated=True),
        ],
    )

    assert build(described)["parameters"] == [
        {
            "name": "id",
            "in": "path",
            "description": "Which.",
            "required": True,
            "schema": {"type": "integer"},
        },
        {
            "name": "query",
            "in": "query",
            "deprecated": True,
            "schema": {"type": "string", "default": "all"},
        },
    ]


def test_headers_that_openapi_reserves_are_not_parameters():
    reserved = [param(name, "header", str) for name in ("Accept", "content-type", "Authorization")]

    assert "parameters" not in build(operation(params=reserved))


def test_a_body_is_described_per_media_type():
    body = BodyInfo(
        Order,
        ("application/json", "application/x-www-form-urlencoded", "text/csv"),
        description="What to order.",
        examples=({"id": 1},),
        fields=[param("id", "form", int)],
    )

    built = build(operation("POST", body=body))["requestBody"]

    assert built["required"] is True
    assert built["description"] == "What to order."
    json, form, text = built["content"].values()
    assert json["schema"] == {"$ref": "#/components/schemas/Order"}
    assert json["examples"] == {"example1": {"value": {"id": 1}}}
    assert form["schema"]["properties"] == {"id": {"type": "integer"}}
    assert text == {"schema": {"type": "string"}}


def test_a_body_beside_files_is_a_part_of_json():
    fields = [param("order", "body", Order), param("scan", "file", bytes), param("by", "form", str)]

    content = build(operation("POST", body=BodyInfo(None, ("multipart/form-data",), fields=fields)))

    form = content["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["properties"]["order"] == {"$ref": "#/components/schemas/Order"}
    assert form["encoding"] == {"order": {"contentType": "application/json"}}


def test_two_bodies_are_one_object_keyed_by_name():
    body = BodyInfo(None, fields=[param("order", "body", Order), param("gift", "body", bool)])

    built = build(operation("POST", body=body))["requestBody"]["content"]

    assert built["application/json"]["schema"] == {
        "type": "object",
        "properties": {
            "order": {"$ref": "#/components/schemas/Order"},
            "gift": {"type": "boolean"},
        },
        "required": ["order", "gift"],
    }


def test_an_operation_lists_its_own_security_and_inherits_the_rest():
    assert build(operation(security=[{"a": ["read"]}]))["security"] == [{"a": ["read"]}]
    assert build(operation(security=[{}]), security=[{"a": []}])["security"] == [{}]
    assert "security" not in build(operation(), security=[{"a": []}])


def test_callbacks_show_what_is_sent_and_how_to_answer():
    hook = Webhook(Order, "Order sent", headers={"X-Signature": str}, responses={200: "Thanks."})
    described = operation("POST", extra={"callbacks": {"sent": {"{$request.body#/url}": hook}}})

    sent = build(described)["callbacks"]["sent"]["{$request.body#/url}"]["post"]

    assert sent["summary"] == "Order sent"
    assert sent["parameters"][0]["name"] == "X-Signature"
    assert sent["responses"] == {"200": {"description": "Thanks."}}
    assert sent["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/Order")


def test_a_webhook_is_named_after_its_event():
    item = build_webhook("order.paid", Webhook(Order), Content(Schemas(json_schemas)))

    assert item["post"]["operationId"] == "order_paid"
    assert item["post"]["summary"] == "Order paid"
    assert item["post"]["responses"] == {"204": {"description": "The event was taken."}}


def test_a_route_may_lay_its_own_words_over_its_operation():
    given = {"x-cost": 3, "responses": {"200": {"description": "Fine."}}}

    built = build(operation(extra={"openapi": given}))

    assert built["x-cost"] == 3
    assert built["responses"]["200"]["description"] == "Fine."
    assert "content" in built["responses"]["200"]


def test_overlay_leaves_what_it_lies_on_alone():
    below = {"a": {"b": 1}}

    assert overlay(below, {"a": {"c": 2}, "d": [3]}) == {"a": {"b": 1, "c": 2}, "d": [3]}
    assert below == {"a": {"b": 1}}


def test_the_key_of_a_scheme_in_force_is_no_parameter_as_well():
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    params = [
        param("x-key", "header", str),
        param("page", "query", int),
    ]

    guarded = build(operation(params=params, security=[{"key": []}]), schemes=schemes)
    open_ = build(operation(params=params), schemes=schemes)

    assert [one["name"] for one in guarded["parameters"]] == ["page"]
    assert [one["name"] for one in open_["parameters"]] == ["x-key", "page"]


def test_a_file_says_which_types_it_may_have():
    picture = param("picture", "file", bytes, content_types=("image/png", "image/jpeg"))
    body = BodyInfo(None, ("multipart/form-data",), fields=[picture, param("any", "file", bytes)])

    built = build(operation("POST", body=body))["requestBody"]["content"]["multipart/form-data"]

    assert built["encoding"] == {"picture": {"contentType": "image/png, image/jpeg"}}
