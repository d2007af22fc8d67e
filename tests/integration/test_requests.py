"""What a handler can ask of a request, on a running app."""

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import pytest

from gambrel import App, Body, Form, FormLimits, Headers, Request, State, Upload, stream_parts
from gambrel.middleware import Decompression
from gambrel.testing import AsyncClient, Client


class Order(msgspec.Struct):
    item: str
    quantity: int = 1


class Visitor(msgspec.Struct):
    name: str


def shop() -> App:
    app = App()

    @app.post("/orders")
    async def order(wanted: Order) -> Order:
        return wanted

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, Any]:
        return {"json": await request.json()}

    return app


def test_a_request_gives_query_headers_cookies_and_form():
    app = App()

    @app.post("/all")
    async def everything(request: Request) -> list[Any]:
        form = await request.form()
        upload = form["file"]
        return [
            request.query.get_all("q"),
            request.headers["X-Token"],
            request.cookies["flavour"],
            form["name"],
            upload.filename,
            (await upload.read()).decode(),
        ]

    with Client(app, cookies={"flavour": "plain"}) as client:
        answer = client.post(
            "/all?q=1&q=2",
            headers={"x-token": "t"},
            data={"name": "Ada"},
            files={"file": ("notes.txt", b"hello")},
        )

    assert answer.json() == [["1", "2"], "t", "plain", "Ada", "notes.txt", "hello"]


def test_json_is_read_by_hand_or_bound():
    with Client(shop()) as client:
        by_hand = client.post("/echo", json=[1, {"a": None}])
        bound = client.post("/orders", json={"item": "tea"})
        typed = {"content-type": "application/json"}
        bad = [b"{", b"[" * 65 + b"]" * 65, b"[" + b"1," * 100_000 + b"1]", b"[1e999]", b"[NaN]"]
        malformed = [client.post("/echo", content=body, headers=typed) for body in bad]

    assert by_hand.json() == {"json": [1, {"a": None}]}
    assert bound.json() == {"item": "tea", "quantity": 1}
    assert [answer.status_code for answer in malformed] == [400] * 5


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"item": "tea"}', "application/json; charset=utf-8"),
        (b'{"item": "tea"}', "application/vnd.shop+json"),
        (msgspec.msgpack.encode({"item": "tea"}), "application/msgpack"),
    ],
)
def test_a_body_is_read_by_its_media_type(content: bytes, content_type: str):
    with Client(shop()) as client:
        answer = client.post("/orders", content=content, headers={"content-type": content_type})

    assert answer.json() == {"item": "tea", "quantity": 1}


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", FORM])
def test_a_body_of_a_type_that_is_not_read_is_415(content_type: str):
    headers = {"content-type": content_type} if content_type else {}

    with Client(shop()) as client:
        answer = client.post("/orders", content=b'{"item": "tea"}', headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("path", "status"), [("form", 200), ("one", 415), ("many", 415), ("raw", 200)]
)
def test_a_multipart_body_is_a_form_or_the_wrong_type(path: str, status: int):
    app = App()

    @app.post("/form")
    async def form(wanted: Annotated[Order, Form()]) -> Order:
        return wanted

    @app.post("/one")
    async def one(wanted: Order) -> Order:
        return wanted

    @app.post("/many")
    async def many(wanted: list[Order]) -> list[Order]:
        return wanted

    @app.post("/raw")
    async def raw(body: Annotated[bytes, Body()]) -> int:
        return len(body)

    async def pieces() -> AsyncIterator[bytes]:
        for line in (b"--x", b'content-disposition: form-data; name="item"', b"", b"tea", b"--x--"):
            yield line + b"\r\n"

    async def run() -> int:
        async with AsyncClient(app) as client:
            headers = {"content-type": "multipart/form-data; boundary=x"}
            return (await client.post(f"/{path}", content=pieces(), headers=headers)).status_code

    assert asyncio.run(run()) == status


@pytest.mark.parametrize("path", ["/orders", "/echo"])
@pytest.mark.parametrize("coding", ["gzip", "br", "tea"])
def test_a_body_in_a_coding_that_nobody_removes_is_415(path: str, coding: str):
    headers = {"content-type": "application/json", "content-encoding": coding}

    with Client(shop()) as client:
        answer = client.post(path, content=gzip.compress(b"{}"), headers=headers)

    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")


def test_a_compressed_body_is_unpacked_where_the_app_wants_it():
    app = App(extensions=[Decompression()], max_body=1_000)

    @app.post("/orders")
    async def order(wanted: Order) -> Order:
        return wanted

    @app.post("/form")
    def form(wanted: Annotated[Order, Form()]) -> Order:
        return wanted

    @app.post("/raw", extra={"decompress": False})
    async def raw(request: Request) -> bool:
        return (await request.body()).startswith(b"\x1f\x8b")

    def send(client: Client, path: str, body: bytes, media_type: str) -> Any:
        headers = {"content-type": media_type, "content-encoding": "gzip"}
        return client.post(path, content=gzip.compress(body), headers=headers)

    with Client(app) as client:
        json = send(client, "/orders", b'{"item": "tea"}', "application/json")
        form_sent = send(client, "/form", b"item=tea", "application/x-www-form-urlencoded")
        left = send(client, "/raw", b"tea", "text/plain")
        bomb = send(client, "/orders", b" " * 100_000, "application/json")
        invalid = send(client, "/orders", b"{}", "application/json")

    assert [json.json(), form_sent.json()] == [{"item": "tea", "quantity": 1}] * 2
    assert left.json() is True
    assert bomb.status_code == 413
    assert invalid.status_code == 422


def test_an_app_may_read_bodies_of_further_types():
    def lines(body: bytes) -> dict[str, Any]:
        pairs = [line.split(": ", 1) for line in body.decode().splitlines()]
        return {name: int(value) if value.isdigit() else value for name, value in pairs}

    app = App()
    app.setup.body_parser("application/yaml", lines)

    @app.post("/orders")
    async def order(wanted: Order) -> Order:
        return wanted

    def send(client: Client, body: bytes, media_type: str = "application/yaml") -> Any:
        return client.post("/orders", content=body, headers={"content-type": media_type})

    with Client(app) as client:
        taken = send(client, b"item: tea\nquantity: 2")
        faulty = send(client, b"item: tea\nquantity: many")
        malformed = send(client, b"tea")
        unknown = send(client, b"<tea/>", "application/xml")
        document = client.get("/openapi.json").json()

    assert taken.json() == {"item": "tea", "quantity": 2}
    assert [fault["path"] for fault in faulty.json()["errors"]] == ["quantity"]
    assert malformed.status_code == 400
    assert unknown.status_code == 415
    assert "application/yaml" in unknown.headers["accept"]
    assert "application/yaml" in document["paths"]["/orders"]["post"]["requestBody"]["content"]


def test_uploads_may_be_as_large_as_the_app_or_the_route_allows():
    app = App(max_upload=22_000_000)

    @app.post("/app")
    async def usual(scan: Upload) -> int:
        return scan.size

    @app.post("/route", max_body=23_000_000)
    async def large(scan: Upload) -> int:
        return scan.size

    with Client(app) as client:

        def post(path: str, size: int) -> int:
            return client.post(path, files={"scan": ("a", b"x" * size)}).status_code

        assert post("/app", 21_500_000) == 200
        assert post("/app", 22_000_000) == 413
        assert post("/route", 22_500_000) == 200


def test_a_route_may_take_less_than_the_app():
    app = App(max_body=100)

    @app.post("/small", max_body=5)
    async def small(request: Request) -> int:
        return len(await request.body())

    @app.post("/usual")
    async def usual(request: Request) -> int:
        return len(await request.body())

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b"x"

    async def run() -> list[int]:
        async with AsyncClient(app) as client:
            answers = [
                await client.post("/small", content=b"12345"),
                await client.post("/small", content=b"123456"),
                await client.post("/small", content=pieces()),
                await client.post("/usual", content=b"123456"),
                await client.post("/usual", content=b"x" * 101),
            ]
            return [answer.status_code for answer in answers]

    assert asyncio.run(run()) == [200, 413, 413, 200, 413]


def test_an_upload_is_read_while_it_arrives():
    app = App()

    @app.post("/pieces", max_body=1 << 30)
    async def pieces(request: Request) -> list[int]:
        return [len(piece) async for piece in request.stream()]

    async def upload() -> AsyncIterator[bytes]:
        for size in (1, 20, 300):
            yield b"x" * size

    async def run() -> Any:
        async with AsyncClient(app) as client:
            return (await client.post("/pieces", content=upload())).json()

    sizes = asyncio.run(run())

    assert sum(sizes) == 321
    assert len(sizes) > 1


def test_a_form_is_taken_apart_while_it_arrives():
    app = App()
    kept: list[tuple[str, str | None, bytes]] = []

    @app.post("/", max_body=1 << 30)
    async def take(request: Request, most: int = 100) -> None:
        limits = FormLimits(file=most)
        async for part in stream_parts(request.stream(), request.headers["content-type"], limits):
            content = b"".join([piece async for piece in part])
            kept.append((part.name, part.filename, content))

    with Client(app) as client:
        taken = client.post("/", data={"note": "new"}, files={"scan": ("a.bin", b"x" * 50)})
        refused = client.post("/?most=49", files={"scan": ("a.bin", b"x" * 50)})

    assert taken.status_code == 204
    assert kept == [("note", None, b"new"), ("scan", "a.bin", b"x" * 50)]
    assert refused.status_code == 413


def test_the_client_is_believed_through_trusted_proxies_only():
    def ask(app: App, peer: str) -> str:
        @app.get("/")
        async def who(request: Request) -> str:
            return f"{request.client} {request.scheme} {request.host}"

        headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
        with Client(app, peer=(peer, 1234)) as client:
            return client.get("/", headers=headers).text

    assert ask(App(trusted_proxies=["10.0.0.0/8"]), "10.1.2.3") == "203.0.113.9 https localhost"
    assert ask(App(trusted_proxies=["10.0.0.0/8"]), "127.0.0.1") == "127.0.0.1 http localhost"
    assert ask(App(), "10.1.2.3") == "10.1.2.3 http localhost"


@pytest.mark.parametrize(("told", "status"), [("shop.example", 200), ("evil.example", 400)])
def test_a_proxy_is_believed_a_host_of_the_app_only(told: str, status: int):
    app = App(trusted_proxies=["10.0.0.0/8"], hosts=["shop.example", "localhost"])

    @app.get("/")
    async def where(request: Request) -> str:
        return str(request.url)

    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-host": told}
    with Client(app, peer=("10.1.2.3", 1234)) as client:
        answer = client.get("/", headers=headers)

    assert answer.status_code == status
    assert ("evil" in answer.text) is False


@pytest.mark.parametrize(
    ("told", "answer"), [("shop.example", (200, "shop")), ("evil.example", (400, ""))]
)
def test_routes_of_a_host_are_found_by_what_a_proxy_says(told: str, answer: tuple[int, str]):
    app = App(trusted_proxies=["10.0.0.0/8"], hosts=["shop.example", "localhost"])

    @app.get("/", host="shop.example")
    async def shop() -> str:
        return "shop"

    @app.get("/")
    async def anywhere() -> str:
        return "anywhere"

    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-host": told}
    with Client(app, peer=("10.1.2.3", 1234)) as client:
        found = client.get("/", headers=headers)
    with Client(app, peer=("192.0.2.1", 1234)) as client:
        stranger = client.get("/", headers=headers)

    assert (found.status_code, found.text if found.is_success else "") == answer
    assert stranger.text == "anywhere"


def test_each_request_has_an_id_and_a_state_of_its_own():
    app = App()

    @app.middleware
    async def remember(request: Request, call_next: Any) -> Any:
        request.state[Visitor] = Visitor(request.headers["x-name"])
        request.state.id = request.id
        return await call_next(request)

    @app.get("/")
    async def show(request: Request, state: State) -> list[Any]:
        return [state[Visitor].name, state.id == request.id, request.id]

    with Client(app) as client:
        ada, bob = (client.get("/", headers={"x-name": n}).json() for n in ("Ada", "Bob"))

    assert ada[:2] == ["Ada", True]
    assert bob[:2] == ["Bob", True]
    assert ada[2] != bob[2]


def test_a_value_of_the_request_is_made_when_first_asked_for_and_once():
    made: list[str] = []
    app = App()

    def visitor(request: Request) -> Visitor:
        made.append(threading.current_thread().name)
        return Visitor(request.headers["x-name"])

    def greeting(visitor: Visitor) -> dict[str, str]:
        return {"text": f"Hello {visitor.name}"}

    app.provide(Visitor, visitor)
    app.provide(dict[str, str], greeting)

    @app.get("/greet")
    async def greet(visitor: Visitor, greeting: dict[str, str]) -> str:
        return f"{greeting['text']}, {visitor.name}"

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    with Client(app) as client:
        client.get("/plain")
        before = len(made)
        answer = client.get("/greet", headers={"x-name": "Ada"})

    assert before == 0
    assert answer.text == "Hello Ada, Ada"
    assert len(made) == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [("shop.example", 200), ("a.shop.example", 200), ("evil.example", 400), ("a b", 400)],
)
def test_a_host_that_the_app_does_not_answer_for_is_refused(host: str, status: int):
    app = App(hosts=["shop.example", "*.shop.example"])

    @app.get("/")
    async def home() -> str:
        return "home"

    with Client(app) as client:
        answer = client.get("/", headers={"host": host})

    assert answer.status_code == status


def test_a_name_with_an_underscore_is_no_field_however_it_is_asked_for():
    block = b"\r\nX_Token: forged\r\nX-Token: true\r\n"
    headers = Headers.from_block(block, block.lower())

    assert headers.first("x_token") is None
    assert headers.get("x_token") is None
    assert headers.first("x-token") == "true"
