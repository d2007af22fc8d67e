"""Routes as a client sees them: classes, mounts, URLs and the matched route of a running app."""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec

from gambrel import App, Depends, FileResponse, NotFound, Request, Router, Text
from gambrel.openapi import OpenAPI
from gambrel.testing import Client


class Search(msgspec.Struct):
    words: list[str]


def test_a_converter_decides_what_is_found_and_an_annotation_what_is_valid():
    app = App()

    @app.get("/converted/{number:int}")
    async def converted(number: int) -> int:
        return number

    @app.get("/annotated/{key}")
    async def annotated(key: uuid.UUID) -> str:
        return key.hex

    key = uuid.UUID(int=7)
    with Client(app) as client:
        statuses = [
            client.get(path).status_code
            for path in ("/converted/7", "/converted/x", f"/annotated/{key}", "/annotated/x")
        ]

    assert statuses == [200, 404, 200, 422]


def test_head_has_the_length_of_get_and_no_body():
    app = App()

    @app.get("/")
    async def home() -> str:
        return "nineteen characters"

    with Client(app) as client:
        answer = client.head("/")

    assert answer.headers["content-length"] == "19"
    assert answer.content == b""


def test_options_and_405_name_every_method():
    app = App()

    @app.get("/things")
    async def show() -> str:
        return ""

    @app.delete("/things")
    async def drop() -> None: ...

    with Client(app) as client:
        options, refused = client.options("/things"), client.put("/things")

    assert options.status_code in {200, 204}
    assert refused.status_code == 405
    assert set(options.headers["allow"].split(", ")) == {"DELETE", "GET", "HEAD", "OPTIONS"}
    assert refused.headers["allow"] == options.headers["allow"]


def test_a_query_request_has_a_body_and_is_described():
    app = App(extensions=[OpenAPI(openapi="3.2")])

    @app.query("/search")
    async def search(wanted: Search) -> list[str]:
        return sorted(wanted.words)

    with Client(app) as client:
        found = client.request("QUERY", "/search", json={"words": ["b", "a"]})
        document = client.get("/openapi.json").json()

    assert found.json() == ["a", "b"]
    assert "query" in document["paths"]["/search"]


def test_a_class_gets_its_dependencies_and_each_method_its_parameters():
    app = App()

    def prices() -> dict[str, int]:
        return {"tea": 3}

    @app.route("/prices/{name}")
    class Price:
        def __init__(self, known: Annotated[dict[str, int], Depends(prices)]) -> None:
            self.known = known

        async def get(self, name: str) -> int:
            return self.known[name]

        def put(self, name: str, amount: int) -> str:
            return f"{name} from {self.known[name]} to {amount}"

    with Client(app) as client:
        shown, changed = client.get("/prices/tea"), client.put("/prices/tea?amount=4")

    assert shown.json() == 3
    assert changed.text == "tea from 3 to 4"


def test_the_matched_route_is_known_by_its_template():
    app = App()

    @app.get("/users/{id}/posts", name="posts")
    async def posts(request: Request) -> list[str]:
        return [str(request.route.pattern), request.route.name, request.params["id"]]

    with Client(app) as client:
        answer = client.get("/users/5/posts")

    assert answer.json() == ["/users/{id}/posts", "posts", "5"]


def test_a_mounted_asgi_app_has_its_path_and_its_lifespan():
    events: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                events.append(step)
                await send({"type": f"lifespan.{step}.complete"})
            return
        text = f"{scope['root_path']} {scope['path']} {events}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": text})

    app = App()
    app.mount("/inner", inner)

    with Client(app) as client:
        answer = client.get("/inner/a%20b")

    assert answer.text == "/inner /inner/a b ['startup']"
    assert events == ["startup", "shutdown"]


def test_a_mounted_wsgi_app_is_called_with_its_script_name():
    def inner(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("201 Created", [("content-type", "text/plain"), ("x-old", "yes")])
        body = environ["wsgi.input"].read().decode()
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']} {body}".encode()]

    app = App()
    app.mount("/old", inner)

    with Client(app) as client:
        answer = client.post("/old/page", content=b"posted")

    assert answer.status_code == 201
    assert answer.headers["x-old"] == "yes"
    assert answer.text == "/old /page posted"


def test_an_app_inside_an_app_keeps_its_lifespan_errors_and_documents():
    inner = App(extensions=[OpenAPI(title="Inner", public=True)])
    state: list[str] = []

    @inner.lifespan
    @asynccontextmanager
    async def open_inner() -> AsyncIterator[None]:
        state.append("open")
        yield
        state.append("closed")

    @inner.get("/state")
    async def show_state() -> list[str]:
        return state

    @inner.on_error(404)
    async def lost(request: Request, error: NotFound) -> Text:
        return Text("lost inside", status=404)

    outer = App()
    outer.mount("/inner", inner)

    with Client(outer) as client:
        shown = client.get("/inner/state").json()
        missed = client.get("/inner/none").text
        document = client.get("/inner/openapi.json").json()
        outer_paths = client.get("/openapi.json").json()["paths"]

    assert shown == ["open"]
    assert missed == "lost inside"
    assert state == ["open", "closed"]
    assert document["info"]["title"] == "Inner"
    assert list(document["paths"]) == ["/state"]
    assert outer_paths == {}


def test_a_raw_route_is_an_asgi_app_of_its_own():
    async def bare(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    app = App()
    app.raw("/bare/{name}", bare)

    with Client(app) as client:
        answer = client.post("/bare/metal")

    assert answer.status_code == 202
    assert answer.text == "/bare/metal"


def test_the_front_end_answers_what_no_route_does(tmp_path: Path):
    (tmp_path / "index.html").write_text("<h1>Front</h1>")
    app = App()

    @app.get("/api/state")
    async def state() -> str:
        return "live"

    async def front(path: str) -> FileResponse:
        return FileResponse("index.html", root=tmp_path)

    app.fallback(front)

    with Client(app) as client:
        page, data, wrong = client.get("/any/where"), client.get("/api/state"), client.post("/x")

    assert page.text == "<h1>Front</h1>"
    assert data.text == "live"
    assert wrong.status_code in {404, 405}


def test_urls_of_other_sites_are_built_by_name():
    app = App()
    app.external("docs", "https://docs.example.com/{page}")

    @app.get("/")
    async def home(request: Request) -> str:
        return str(request.app.url_for("docs", page="a b"))

    with Client(app) as client:
        answer = client.get("/")

    assert answer.text == "https://docs.example.com/a%20b"


def test_parameters_of_the_request_fill_the_urls_it_builds():
    app = App()
    shop = Router("/{lang}", name="shop")

    @shop.get("/items/{id}", name="item")
    async def item(request: Request) -> str:
        url = request.app.url_for
        return str(url("shop:item", id=8, _defaults=request.params, _query={"page": 2}))

    app.include(shop)

    with Client(app) as client:
        answer = client.get("/de/items/7")

    assert answer.text == "/de/items/8?page=2"


def test_a_redirect_of_a_slash_keeps_method_and_query():
    app = App()

    @app.post("/orders")
    async def order(n: int) -> int:
        return n

    with Client(app) as client:
        moved = client.post("/orders/?n=3")
        followed = client.post("/orders/?n=3", follow_redirects=True)

    assert moved.status_code == 308
    assert followed.json() == 3


def test_versions_of_one_handler_stand_beside_each_other():
    app = App()

    @app.get("/me", version="1")
    async def first() -> str:
        return "one"

    @app.get("/me", version="2")
    async def second() -> str:
        return "two"

    with Client(app) as client:
        answers = [client.get("/v1/me").text, client.get("/v2/me").text]

    assert answers == ["one", "two"]
