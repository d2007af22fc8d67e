"""Clients that are made, and used: against the very app whose document they are made from."""

import ast
import datetime
import itertools
import json
import sys
import types
import uuid
from typing import Annotated, Any, Literal

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from gambrel import App, Cookie, Form, GambrelError, Header, NotFound
from gambrel.client import HTTPClient
from gambrel.client.typed import Refused, render_client
from gambrel.extend import json_schemas
from gambrel.openapi.document import export
from gambrel.openapi.options import Document
from tests.server.live import run

_numbers = itertools.count(1)


class Cat(Struct, tag="cat", tag_field="kind"):
    lives: int


class Dog(Struct, tag="dog", tag_field="kind"):
    name: str


class Order(Struct):
    id: uuid.UUID
    due: datetime.date
    class_: str = field(name="class")
    pets: list[Cat | Dog] = []
    note: str | None = None
    size: Literal["s", "m"] = "s"


class Search(Struct):
    text: str
    tags: list[str] = []


app = App(hosts=["shop"])


@app.post("/orders", status=201)
async def add_order(order: Order) -> Order:
    """Place an "order"."""
    return order


@app.get("/orders/{name}/{number:int}")
async def find_order(
    name: str,
    number: int,
    tags: list[str] = [],  # noqa: B006 - never changed
    is_open: bool = True,
    since: datetime.datetime | None = None,
) -> dict[str, Any]:
    return {"name": name, "number": number, "tags": tags, "open": is_open, "since": since}


@app.get("/told")
async def told(x_key: Annotated[str, Header()], seen: Annotated[str, Cookie()] = "") -> str:
    return f"{x_key} {seen}"


@app.post("/search")
async def search(given: Annotated[Search, Form()]) -> list[str]:
    return [given.text, *given.tags]


@app.delete("/orders/{name}")
async def remove(name: str) -> None:
    if name == "none":
        raise NotFound("there is no such order")


@app.get("/picture")
async def picture() -> bytes:
    return b"\x89PNG"


def document_of(app: App) -> dict[str, Any]:
    app.build()
    found: dict[str, Any] = json.loads(
        export(app.operations(), json_schemas, Document(title="Our shop"))
    )
    return found


def loaded(document: dict[str, Any], name: str = "") -> Any:
    """Return the module that is made for a document."""
    module = types.ModuleType(f"made_{next(_numbers)}")
    sys.modules[module.__name__] = module  # where annotations are looked up
    exec(render_client(document, name), module.__dict__)
    return module


def asked(work: Any) -> Any:
    """Return what a coroutine function makes of the module and of a client for the app."""

    async def main() -> Any:
        module = loaded(document_of(app))
        async with app.running():
            transport = httpx2.ASGITransport(app=app)
            async with module.OurShop(
                "http://shop/", HTTPClient(transport=transport, total=30)
            ) as shop:
                return await work(module, shop)

    return run(main())


def test_a_body_and_an_answer_are_structs_of_the_module():
    async def work(module: Any, shop: Any) -> Any:
        number = uuid.uuid4()
        order = module.OrderInput(
            id=number,
            due=datetime.date(2026, 11, 28),
            class_="x",
            pets=[module.Cat(lives=9), module.Dog(name="Rex")],
        )
        found = await shop.add_order(order)
        assert type(found) is module.Order
        assert (found.id, found.due, found.class_) == (number, order.due, "x")
        assert [type(pet) for pet in found.pets] == [module.Cat, module.Dog]
        return found.note

    assert asked(work) is None


def test_parameters_go_where_they_belong_and_are_escaped():
    async def work(_: Any, shop: Any) -> Any:
        moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
        first = await shop.find_order("a/b ü", 7, tags=["x", "y&z"], is_open=False, since=moment)
        return first, await shop.find_order("...", 1)

    first, second = asked(work)

    assert first == {
        "name": "a/b ü", "number": 7, "tags": ["x", "y&z"], "open": False,
        "since": "2026-01-02T00:00:00Z",
    }  # fmt: skip
    assert second["open"] is True


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_no_parameter_leads_to_another_path(name: str):
    async def work(_: Any, shop: Any) -> Any:
        with pytest.raises(ValueError, match="cannot be a path segment"):
            await shop.remove(name)

    asked(work)


def test_headers_cookies_forms_text_and_bytes():
    async def work(module: Any, shop: Any) -> Any:
        return [
            await shop.told(x_key="k", seen="yes"),
            await shop.search(module.SearchBody(text="ä b", tags=["c", "d"])),
            await shop.remove("some"),
            await shop.picture(),
        ]

    assert asked(work) == ["k yes", ["ä b", "c", "d"], None, b"\x89PNG"]


def test_what_is_refused_has_its_problem():
    async def work(_: Any, shop: Any) -> Any:
        with pytest.raises(Refused) as caught:
            await shop.remove("none")
        return caught.value

    error = asked(work)

    assert error.status == 404
    assert error.problem["detail"] == "there is no such order"
    assert str(error) == "DELETE http://shop/orders/none was answered 404: there is no such order"


def test_the_same_document_gives_the_same_text_and_a_name_may_be_given():
    document = document_of(app)

    assert render_client(document) == render_client(document)
    assert "class Shop(Service):" in render_client(document, "shop")
    assert "class OurShop(Service):" in render_client(document)


def test_a_stream_is_left_out_and_named():
    content = {"text/event-stream": {}}
    answers = {"200": {"description": "", "content": content}}
    text = render_client({"openapi": "3.1.0", "paths": {"/ticks": {"get": {"responses": answers}}}})

    assert "- GET /ticks: it is a stream of text/event-stream" in text
    assert "async def" not in text


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"swagger": "2.0"},
        {"openapi": "3.1.0", "paths": {"/": []}},
        {"openapi": "3", "paths": 7},
    ],
)
def test_what_is_no_document_is_refused(document: dict[str, Any]):
    with pytest.raises(GambrelError) as caught:
        render_client(document)

    assert caught.value.code == "client.no-document"


HOSTILE = [
    '"); import os; os.abort() #',
    "'''\"\"\"\\",
    "x\ny: int = 1\nimport os",
    "{__import__('os')}",
    "\x00\u202e\ud800",
    "class",
    "self",
    "1",
    "list",
    "",
]


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), min_size=9, max_size=9))
def test_no_text_of_a_document_becomes_code(texts: list[str]):
    one, two, three, four, five, six, seven, eight, nine = texts
    schema = {
        "type": "object",
        "description": one,
        "properties": {
            two: {"type": "string", "default": three},
            three: {"enum": [four, five]},
            four: {"type": "array", "items": {"$ref": f"#/components/schemas/{one}"}},
        },
        "required": [three],
    }
    operation = {
        "operationId": five,
        "summary": six,
        "parameters": [{"name": seven, "in": "path"}, {"name": eight, "in": "query"}],
        "requestBody": {"content": {nine: {"schema": schema}}},
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": one, "description": two, "version": three},
        "paths": {f"/{{{seven}}}{four}": {"get": operation}},
        "components": {"schemas": {one: schema, two: {"oneOf": [schema]}}},
    }

    tree = ast.parse(render_client(document))

    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {alias.name for node in imported for alias in node.names} <= {
        "annotations", "datetime", "decimal", "uuid", "Any", "Literal",
        "Struct", "UNSET", "UnsetType", "field", "Service", "quote",
    }  # fmt: skip
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {ast.unparse(call) for call in called} <= {"self.ask", "quote", "field"}
