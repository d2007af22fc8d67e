"""Clients that are made, and used: against the very app whose document they are made from."""

import ast
import datetime
import inspect
import itertools
import json
import sys
import types
import uuid
from typing import Annotated, Any, Literal

import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, field

from gambrel import App, Cookie, Form, GambrelError, Header, NotFound, Response
from gambrel.client import HTTPClient
from gambrel.client.typed import Refused, Service, render_client
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


@app.get("/by-hand")
async def by_hand() -> Response:
    return Response("made by hand", 202, {"x-made": "yes"})


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


def test_an_answer_of_which_nothing_is_known_comes_whole():
    async def work(_: Any, shop: Any) -> Any:
        return await shop.by_hand()

    answer = asked(work)

    assert (answer.status_code, answer.text, answer.headers["x-made"]) == (
        202,
        "made by hand",
        "yes",
    )


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
        {"openapi": "3", "info": []},
        {"openapi": "3", "components": []},
        {"openapi": "3", "paths": {"/": {"get": {"responses": {"": 7}}}}},
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
        "Struct", "UNSET", "UnsetType", "field", "Service", "quote", "httpx2",
    }  # fmt: skip
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert {ast.unparse(call) for call in called} <= {"self.ask", "quote", "field"}


NAMES = [*HOSTILE, "field", "quote", "datetime", "decimal", "uuid", "httpx2", 'a"b', "a\\b", "Any"]
KINDS = [
    {"type": "string", "format": "uuid"},
    {"type": "string", "format": "date-time", "nullable": True},
    {"type": "string", "format": "decimal"},
    {"enum": ["\ud800", 2**64]},
    {"enum": ["a", 1, None]},
    {"oneOf": [{"$ref": "#/components/schemas/One"}, {"$ref": "#/components/schemas/Two"}]},
    {"oneOf": [{"$ref": "#/components/schemas/One"}, {"type": "object"}]},
]


@given(
    st.lists(st.sampled_from(NAMES), min_size=3, max_size=5, unique=True),
    st.lists(st.sampled_from(KINDS), min_size=5, max_size=5),
)
def test_every_module_that_is_made_can_be_used(names: list[str], kinds: list[dict[str, Any]]):
    def told_by(member: str, name: str) -> dict[str, Any]:
        mapping = {"propertyName": member, "mapping": {"x": f"#/components/schemas/{name}"}}
        return {"type": "object", "properties": {member: {}, "x": {}}, "discriminator": mapping}

    given = dict(zip(names, kinds, strict=False))
    schemas = {
        "One": told_by("kind", "One"),
        "Two": told_by("sort", "Two"),
        "Given": {"type": "object", "properties": given},
    }
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Given"}}}
    where = [{"name": name, "in": "path", "required": True} for name in given]
    operation = {"parameters": where, "responses": {"200": {"content": content}}}
    path = "".join(f"/{{{name}}}" for name in given)
    document = {
        "openapi": "3.0.3",
        "info": {"title": names[0]},
        "paths": {path: {"get": operation}},
        "components": {"schemas": schemas},
    }

    module = loaded(document)

    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, Struct):
            msgspec.json.Decoder(kind)
    (client,) = (kind for kind in vars(module).values() if is_client(kind))
    (method,) = (one for one in vars(client).values() if inspect.iscoroutinefunction(one))
    asked = {name: "x" for name in inspect.signature(method).parameters if name != "self"}
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json={})

    async def main() -> None:
        async with client(
            "http://shop", HTTPClient(transport=httpx2.MockTransport(answer))
        ) as shop:
            await shop.__getattribute__(method.__name__)(**asked)

    run(main())
    assert seen[0].url.host == "shop"


def is_client(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Service) and kind is not Service
