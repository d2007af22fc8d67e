import datetime
from typing import Annotated, Any

import msgspec
import pydantic

from gambrel.conversion.schemas import json_schemas
from gambrel.openapi.components import Schemas
from gambrel.openapi.content import Content, examples_of, is_structured, param_schema, to_plain
from gambrel.openapi.options import Example
from tests.openapi.shop import param


class Bean(msgspec.Struct):
    name: str


class Tea(pydantic.BaseModel):
    leaf: str


def content(annotation: Any, *media_types: str, **options: Any) -> dict[str, Any]:
    schemas = Schemas(json_schemas)
    made = Content(schemas, **options).of(annotation, media_types, "output")
    schemas.fill()
    return made


def test_json_and_msgpack_are_described_by_the_type():
    reference = {"schema": {"$ref": "#/components/schemas/Bean"}}

    made = content(Bean, "application/json", "application/msgpack", "application/hal+json")

    assert list(made.values()) == [reference] * 3


def test_text_is_a_string_and_anything_else_a_file():
    made = content(Bean, "text/html", "image/png", "*/*")

    assert made["text/html"] == {"schema": {"type": "string"}}
    assert made["image/png"]["schema"]["contentMediaType"] == "image/png"
    assert made["*/*"]["schema"]["contentMediaType"] == "application/octet-stream"


def test_a_stream_of_events_names_its_items_where_openapi_can_say_so():
    assert content(Bean, "text/event-stream") == {"text/event-stream": {}}
    event = content(Bean, "text/event-stream", items=True)["text/event-stream"]["itemSchema"]
    text = content(None, "text/event-stream", items=True)["text/event-stream"]["itemSchema"]

    assert list(event["properties"]) == ["data", "event", "id", "retry"]
    assert event["properties"]["data"] == {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": "#/components/schemas/Bean"},
    }
    assert text["properties"]["data"] == {"type": "string"}


def test_a_form_lists_its_parts_with_files_in_them():
    schemas = Schemas(json_schemas)
    form = Content(schemas).form(
        [
            param("photo", "file", bytes, description="A picture."),
            param("more", "file", Annotated[list[bytes], "files"], required=False),
            param("title", "form", str, alias="Title"),
        ]
    )
    schemas.fill()

    file = {
        "type": "string",
        "format": "binary",
        "contentMediaType": "application/octet-stream",
    }
    assert form == {
        "type": "object",
        "properties": {
            "photo": {**file, "description": "A picture."},
            "more": {"type": "array", "items": file},
            "Title": {"type": "string"},
        },
        "required": ["photo", "Title"],
    }


def test_a_default_is_shown_as_json_carries_it():
    schemas = Schemas(json_schemas)
    given = param("on", "query", datetime.date, required=False, default=datetime.date(2026, 1, 2))

    schema = param_schema(schemas, given)
    schemas.fill()

    assert schema["default"] == "2026-01-02"


def test_a_default_without_a_json_form_is_left_out():
    schema = param_schema(
        Schemas(json_schemas), param("x", "query", str, required=False, default=object())
    )

    assert "default" not in schema


def test_examples_are_named_or_numbered():
    told = examples_of((1, Example(2, "two", "Two", "More than one.")))

    assert told == {
        "example1": {"value": 1},
        "two": {"summary": "Two", "description": "More than one.", "value": 2},
    }


def test_examples_by_name_keep_their_names():
    assert examples_of({"a": Bean("x")}) == {"a": {"value": {"name": "x"}}}


def test_none_is_an_example_and_what_json_cannot_express_is_not():
    assert examples_of((None, object())) == {"example1": {"value": None}}


def test_models_of_pydantic_are_examples_too():
    assert to_plain([Tea(leaf="green")]) == [{"leaf": "green"}]


def test_forms_and_json_are_structured_and_text_is_not():
    assert is_structured("multipart/form-data")
    assert is_structured("application/problem+json")
    assert not is_structured("text/csv")
