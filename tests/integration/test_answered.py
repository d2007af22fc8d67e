"""Whoever hears of answers is told of each one when its last byte was sent, on every edge."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest

from gambrel import App, WebSocket
from gambrel.extend import ANSWERED
from gambrel.observability import AccessLog
from gambrel.observability.metrics import Metrics
from gambrel.testing import Client, LiveServer

Told = list[tuple[str, str, int, int | None]]
PATIENCE = 10.0


def make_app(told: Told, is_told: Callable[[], None] = lambda: None) -> App:
    app = App()

    def hear(request: Any, status: int, size: int | None, seconds: float) -> None:
        assert seconds >= 0
        told.append((request.method, request.path, status, size))
        is_told()

    app.setup.add(ANSWERED, hear)
    app.setup.add(ANSWERED, lambda *_: 1 / 0)

    @app.get("/")
    async def home() -> str:
        return "hello"

    @app.get("/thread")
    def thread() -> str:
        return "hello"

    @app.get("/stream")
    async def stream() -> AsyncIterator[bytes]:
        yield b"abc"
        assert told[-1][1] != "/stream"
        yield b"def"

    @app.get("/broken")
    async def broken() -> str:
        raise RuntimeError

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(60)

    @app.websocket("/socket")
    async def echo(ws: WebSocket) -> None:
        await ws.send("hello")

    return app


@pytest.fixture(params=["native", "asgi"])
def client(request: pytest.FixtureRequest, told: Told) -> Iterator[httpx2.Client]:
    app = make_app(told)
    if request.param == "asgi":
        with Client(app, raise_server_errors=False) as client:
            yield client
    else:
        with LiveServer(app) as server, httpx2.Client(base_url=server.url) as client:
            yield client


@pytest.fixture
def told() -> Told:
    return []


def test_every_answer_is_told_with_its_status_and_the_bytes_of_its_content(client, told, caplog):
    sizes = {}
    for method, path in [
        ("GET", "/"),
        ("GET", "/thread"),
        ("HEAD", "/"),
        ("GET", "/stream"),
        ("GET", "/missing"),
        ("GET", "/broken"),
        ("DELETE", "/"),
    ]:
        answer = client.request(method, path)
        sizes[method, path] = answer.status_code, len(answer.content)

    assert told == [(*asked, *found) for asked, found in sizes.items()]
    errors = {record.message for record in caplog.records if record.levelname == "ERROR"}
    assert "an observer of answers failed" in errors


def test_who_has_left_before_the_answer_is_told_on_our_server(told):
    is_told = threading.Event()
    with LiveServer(make_app(told, is_told.set)) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as leaving:
            leaving.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert is_told.wait(PATIENCE)

    assert told == [("GET", "/slow", 499, 0)]


def test_who_has_left_before_the_answer_is_told_on_other_servers(told):
    async def main() -> None:
        app = make_app(told)
        messages = iter([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}])
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": "/slow",
            "raw_path": b"/slow",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            raise AssertionError(message)

        async with app.running():
            await app(scope, receive, send)

    asyncio.run(main())

    assert told == [("GET", "/slow", 499, 0)]


def test_a_socket_is_told_once(told):
    with Client(make_app(told)) as client, client.websocket("/socket") as ws:
        assert ws.receive() == "hello"

    assert [(method, path, status) for method, path, status, _ in told] == [
        ("WEBSOCKET", "/socket", 101)
    ]


GARBAGE = [
    (b"garbage\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 50_000 + b"\r\n\r\n", 431),
    (b"GET /" + b"x" * 50_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    (b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505),
]


@pytest.mark.parametrize(("data", "status"), GARBAGE, ids=[str(status) for _, status in GARBAGE])
def test_what_is_no_request_is_told_on_our_server(told, data, status):
    with (
        LiveServer(make_app(told)) as server,
        socket.create_connection(("127.0.0.1", server.port)) as asking,
    ):
        asking.sendall(data)
        assert asking.recv(100).startswith(b"HTTP/1.1 %d " % status)

    assert told == [("-", "-", status, 0)]


def test_a_host_that_is_none_of_ours_is_told_on_other_servers(told):
    with Client(make_app(told), raise_server_errors=False) as client:
        assert client.get("/", headers={"host": "a b"}).status_code == 400

    assert told == [("-", "-", 400, 0)]


def test_what_is_no_request_is_counted_and_has_a_line(tmp_path):
    log = tmp_path / "access.log"
    app = App(extensions=[AccessLog(file=str(log), form="json"), Metrics()])
    with LiveServer(app) as server:
        with socket.create_connection(("127.0.0.1", server.port)) as asking:
            asking.sendall(b"garbage\r\n\r\n")
            asking.recv(100)
        figures = httpx2.get(f"{server.url}/metrics").text

    assert 'http_requests_total{method="OTHER",route="",status="400"} 1' in figures
    line = json.loads(log.read_text().splitlines()[0])
    assert (line["method"], line["path"], line["status"], line["client"]) == (
        "-",
        "-",
        400,
        "127.0.0.1",
    )
