"""What a handler can ask of a request, on a running app."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from gambrel import App, Request, State
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
        malformed = client.post("/echo", content=b"{", headers={"content-type": "application/json"})

    assert by_hand.json() == {"json": [1, {"a": None}]}
    assert bound.json() == {"item": "tea", "quantity": 1}
    assert malformed.status_code == 400


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"item": "tea"}', "application/json; charset=utf-8"),
        (b'{"item": "tea"}', "application/vnd.shop+json"),
        (msgspec.msgpack.encode({"item": "tea"}), "application/msgpack"),
        (b"item=tea", "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_is_read_by_its_media_type(content: bytes, content_type: str):
    with Client(shop()) as client:
        answer = client.post("/orders", content=content, headers={"content-type": content_type})

    assert answer.json() == {"item": "tea", "quantity": 1}


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_a_body_of_a_type_that_is_not_read_is_415(content_type: str):
    headers = {"content-type": content_type} if content_type else {}

    with Client(shop()) as client:
        answer = client.post("/orders", content=b'{"item": "tea"}', headers=headers)

    assert answer.status_code == 415


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
