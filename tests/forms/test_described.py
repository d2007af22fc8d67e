from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from gambrel import HTML, App, Upload
from gambrel.forms import Forms, HTMLForm, Steps, field
from gambrel.sessions import Sessions
from gambrel.testing import Client
from tests.forms.checkout import Checkout


class Line(Struct):
    sku: str


class Offer(Struct):
    name: Annotated[str, Meta(max_length=9), field(help="As on the door.")]
    lines: list[Line]
    country: Annotated[str, field(choices={"de": "Germany"})]
    number: Annotated[int, field(readonly=True)] = 1
    news: bool = True


class Photos(Struct):
    photos: list[Upload]
    cover: Upload


def operations(kind: Any) -> dict[str, Any]:
    app = App(extensions=[Forms(), Sessions()])

    @app.route("/", methods=["GET", "POST"])
    async def take(form: HTMLForm[kind]) -> HTML:
        return HTML("")

    @app.route("/steps", methods=["GET", "POST"])
    async def steps(steps: Steps[Checkout]) -> HTML:
        return HTML("")

    with Client(app) as client:
        paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    return paths


def test_a_form_is_the_body_of_what_sends_it_and_of_nothing_else():
    found = operations(Offer)["/"]
    content = found["post"]["requestBody"]["content"]

    assert "requestBody" not in found["get"]
    assert set(content) == {"application/x-www-form-urlencoded"}
    schema = content["application/x-www-form-urlencoded"]["schema"]
    assert schema["properties"]["name"]["maxLength"] == 9
    assert schema["properties"]["name"]["description"] == "As on the door."
    assert schema["properties"]["country"] == {"type": "string", "enum": ["de"]}
    assert set(schema["properties"]) == {"name", "lines.0.sku", "country", "news"}
    assert schema["required"] == ["name", "country"]


def test_its_refusals_are_told():
    answers = operations(Offer)["/"]["post"]["responses"]

    assert {"400", "403", "413", "415", "422"} <= set(answers)
    assert list(answers["422"]["content"]) == ["text/html"]
    assert "403" not in operations(Offer)["/"]["get"]["responses"]


def test_several_files_are_a_list_of_them_and_need_multipart():
    content = operations(Photos)["/"]["post"]["requestBody"]["content"]

    assert set(content) == {"multipart/form-data"}
    properties = content["multipart/form-data"]["schema"]["properties"]
    assert (properties["photos"]["type"], properties["photos"]["items"]["format"]) == (
        "array",
        "binary",
    )
    assert properties["cover"]["format"] == "binary"


def test_of_steps_any_is_sent_and_none_of_their_fields_always():
    content = operations(Offer)["/steps"]["post"]["requestBody"]["content"]
    schema = content["multipart/form-data"]["schema"]

    assert {"name", "city", "iban", "proof"} <= set(schema["properties"])
    assert "required" not in schema


@pytest.mark.parametrize("kind", [Offer, Photos])
def test_the_document_is_valid_with_forms_in_it(kind):
    assert operations(kind)["/"]["post"]["operationId"] == "take_post"
