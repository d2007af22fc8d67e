"""Bad input and failing code, on the native server over a socket and through the ASGI edge.

Each is answered with the right status and a problem document, told in the log as often as it must
be (a fault of the client never, a failure of the app once, with its trace), shows nothing of the
server, and leaves the next request on the same connection unharmed.
"""

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Annotated, Any, NoReturn

import httpx2
import pytest
from msgspec import Struct

from gambrel import App, Depends, Form, Header, Request, Response
from gambrel.testing import Client, LiveServer

SECRET = "SENTINEL-dsn-password"
TRACE = logging.Formatter()
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Line(Struct):
    sku: str
    qty: int
    price: float


class Order(Struct):
    customer: str
    lines: list[Line]
    notes: dict[str, Any] | None = None


def fail(where: str) -> NoReturn:
    raise RuntimeError(f"{where}: {SECRET}")


async def failing() -> str:
    fail("dependency")


async def failing_exit() -> AsyncIterator[str]:
    yield "fine"
    fail("clean-up")


async def ping() -> str:
    return "pong"


async def tell() -> dict[str, str]:
    return {"a": "b"}


async def order(order: Order) -> Order:
    return order


async def form(name: Annotated[str, Form()], size: Annotated[int, Form()]) -> str:
    return name


async def user(number: int, limit: int = 10, on: bool = False, q: str = "") -> int:
    return number


async def page(number: int) -> int:
    return number


async def token(x_token: Annotated[str, Header()]) -> str:
    return x_token


async def fail_handler() -> str:
    return fail("handler")


def fail_thread() -> str:
    return fail("thread")


async def fail_dependency(value: Annotated[str, Depends(failing)]) -> str:
    return value


async def fail_clean_up(value: Annotated[str, Depends(failing_exit)]) -> str:
    return value


async def fail_late(value: Annotated[str, Depends(failing_exit, exit="after")]) -> str:
    return value


async def fail_background() -> Response:
    response = Response(b"done")
    response.on_close(lambda: fail("background"))
    return response


async def gate(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    if request.path == "/fail/middleware":
        fail("middleware")
    response = await call_next(request)
    if request.path == "/fail/after":
        fail("after")
    return response


def make_app() -> App:
    app = App(max_body=200_000)
    app.middleware(gate)
    app.post("/orders")(order)
    app.post("/form")(form)
    for path, handler in {
        "/ping": ping,
        "/json": tell,
        "/users/{number}": user,
        "/pages/{number:int}": page,
        "/token": token,
        "/fail/handler": fail_handler,
        "/fail/thread": fail_thread,
        "/fail/dependency": fail_dependency,
        "/fail/clean-up": fail_clean_up,
        "/fail/late-clean-up": fail_late,
        "/fail/background": fail_background,
    }.items():
        app.get(path)(handler)
    return app


@pytest.fixture(scope="module", params=["native", "asgi"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    if request.param == "asgi":
        with Client(make_app(), raise_server_errors=False) as client:
            yield client
    else:
        with LiveServer(make_app()) as server, httpx2.Client(base_url=server.url) as client:
            yield client


def ask(client: httpx2.Client, method: str, target: str | bytes, **more: Any) -> httpx2.Response:
    """Send a request whose target is sent as it stands."""
    sent = target.encode() if isinstance(target, str) else target
    return client.request(method, "/", extensions={"target": sent}, **more)


ORDER = b'{"customer":"Ada","lines":[{"sku":"n","qty":%s,"price":%s}]}'
BODIES = [
    ("malformed JSON", JSON, b'{"customer":', 400),
    ("no JSON at all", JSON, b"", 400),
    ("more behind the JSON", JSON, ORDER % (b"1", b"1") + b"]", 400),
    ("NaN", JSON, ORDER % (b"1", b"NaN"), 400),
    ("infinity", JSON, ORDER % (b"1", b"-Infinity"), 400),
    ("a number beyond a float", JSON, ORDER % (b"1", b"1e999"), 422),
    ("deep JSON", JSON, b'{"notes":' + b"[" * 5_000 + b"]" * 5_000 + b"}", 400),
    ("many members", JSON, b"[" + b"0," * 99_999 + b"0,0,0]", 413),
    ("long JSON", JSON, b'"' + b"x" * 300_000 + b'"', 413),
    ("JSON that is not UTF-8", JSON, b'{"customer":"\xff","lines":[]}', 400),
    ("a lone surrogate", JSON, b'{"customer":"\\ud800","lines":[]}', 400),
    ("UTF-16", JSON, '{"customer":"Ada","lines":[]}'.encode("utf-16"), 400),
    ("JSON called text", {"content-type": "text/plain"}, ORDER % (b"1", b"1"), 415),
    ("JSON called nothing", {}, ORDER % (b"1", b"1"), 415),
    ("a type that is no type", {"content-type": "application/json/x"}, b"{}", 415),
    ("an unknown coding", {**JSON, "content-encoding": "zip"}, b"{}", 415),
    ("msgpack that is none", {"content-type": "application/msgpack"}, b"\xc1", 400),
]
FORMS = [
    ("JSON for a form", JSON, b"{}", 415),
    ("a form that is not UTF-8", FORM, b"name=%ff&size=1", 400),
    ("a field given twice", FORM, b"name=a&name=b&size=1", 422),
    ("a field that is missing", FORM, b"name=a", 422),
    ("parts without a boundary", {"content-type": "multipart/form-data"}, b"x", 400),
    ("parts cut off", {"content-type": "multipart/form-data; boundary=b"}, b"--b\r\nx", 400),
]
TARGETS = [
    ("no number", "/users/x", 422),
    ("half a number", "/users/1.5", 422),
    ("a number with room around it", "/users/%201", 422),
    ("no number for a converter", "/pages/x", 404),
    ("a negative number for a converter", "/pages/-1", 404),
    ("no such page", "/nowhere", 404),
    ("a parameter given twice", "/users/1?limit=1&limit=2", 422),
    ("an empty number", "/users/1?limit=", 422),
    ("nan", "/users/1?limit=nan", 422),
    ("no boolean", "/users/1?on=perhaps", 422),
    ("a query that is not UTF-8", "/users/1?q=%ff", 400),
    ("a path that is not UTF-8", "/users/%ff", 400),
    ("half an escape", "/users/%4", 400),
    ("a control character", "/users/%0a", 400),
    ("NUL", "/users/%00", 400),
    ("a header that is missing", "/token", 422),
]
FAILURES = [
    ("handler", 500),
    ("thread", 500),
    ("dependency", 500),
    ("clean-up", 500),
    ("late-clean-up", 200),
    ("background", 200),
    ("middleware", 500),
    ("after", 500),
]


def is_unharmed(client: httpx2.Client) -> bool:
    return client.get("/ping").text == "pong"


def refused(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture, answer: httpx2.Response, status: int
) -> dict[str, Any]:
    """Hold an answer against what holds for all that clients do wrong; return the problem."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert "Traceback" not in answer.text
    assert ".py" not in answer.text
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert is_unharmed(client)
    return problem


@pytest.mark.parametrize(("_", "headers", "body", "status"), BODIES, ids=[b[0] for b in BODIES])
def test_a_bad_body_is_refused(client, caplog, _, headers, body, status):
    refused(client, caplog, ask(client, "POST", "/orders", headers=headers, content=body), status)


@pytest.mark.parametrize(("_", "headers", "body", "status"), FORMS, ids=[f[0] for f in FORMS])
def test_a_bad_form_is_refused(client, caplog, _, headers, body, status):
    refused(client, caplog, ask(client, "POST", "/form", headers=headers, content=body), status)


@pytest.mark.parametrize(("_", "target", "status"), TARGETS, ids=[t[0] for t in TARGETS])
def test_a_bad_target_is_refused(client, caplog, _, target, status):
    refused(client, caplog, ask(client, "GET", target), status)


def test_every_fault_of_a_body_is_told_with_its_path(client, caplog):
    order = {
        "customer": None,
        "lines": [
            {"sku": 1, "qty": False, "price": "2"},
            {"sku": "n", "qty": 1.5, "price": True},
            {"sku": "n"},
        ],
    }

    answer = client.post("/orders", json=order)

    faults = refused(client, caplog, answer, 422)["errors"]
    assert [(fault["in"], fault["path"], fault["code"]) for fault in faults] == [
        ("body", "customer", "type"),
        ("body", "lines[0].sku", "type"),
        ("body", "lines[0].qty", "type"),
        ("body", "lines[0].price", "type"),
        ("body", "lines[1].qty", "type"),
        ("body", "lines[1].price", "type"),
        ("body", "lines[2].qty", "missing"),
        ("body", "lines[2].price", "missing"),
    ]


@pytest.mark.parametrize("value", ["false", "true", '"1"', "1.5", "null", "[]", "{}"])
def test_nothing_but_a_whole_number_is_an_integer(client, caplog, value):
    body = ORDER % (value.encode(), b"1")

    problem = refused(client, caplog, client.post("/orders", content=body, headers=JSON), 422)

    assert [fault["path"] for fault in problem["errors"]] == ["lines[0].qty"]


def test_a_wrong_method_is_told_all_that_are_right(client, caplog):
    answer = client.delete("/orders")

    refused(client, caplog, answer, 405)
    assert answer.headers["allow"] == "OPTIONS, POST"


def test_a_body_over_the_limit_is_refused_whatever_length_it_claims(client, caplog):
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 10_000

    refused(client, caplog, client.post("/orders", content=pieces(), headers=JSON), 413)


@pytest.mark.parametrize("size", [40_000, 500_000])
def test_huge_header_fields_are_refused(client, size):
    answer = client.get("/ping", headers={"x-huge": "a" * size})

    assert answer.status_code == 431
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 431
    assert is_unharmed(client)


@pytest.mark.parametrize(
    ("accept", "status"),
    [("image/png", 406), ("application/json;q=0", 406), ("text/html, image/*", 406)],
)
def test_an_answer_that_the_client_does_not_accept_is_a_406(client, caplog, accept, status):
    answer = client.get("/json", headers={"accept": accept})

    assert answer.status_code == status
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert is_unharmed(client)


@pytest.mark.parametrize("accept", ["", ";;;", "json", "*/json", "text/", "\xff", "a" * 5_000])
def test_an_accept_header_that_is_none_does_no_harm(client, caplog, accept):
    answer = client.get("/json", headers={b"accept": accept.encode("latin-1")})

    assert answer.status_code in {200, 400, 406}
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
    assert is_unharmed(client)


@pytest.mark.parametrize(("place", "status"), FAILURES)
def test_a_failure_is_told_once_with_its_trace_and_shows_nothing(client, caplog, place, status):
    answer = client.get(f"/fail/{place}")

    told = repr(answer.headers) + answer.text
    assert (answer.status_code, SECRET in told, "Traceback" in told) == (status, False, False)
    if status == 500:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "incident"}
    assert is_unharmed(client)
    [told] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert f"RuntimeError: {place.removeprefix('late-')}" in TRACE.formatException(told.exc_info)


def test_problems_are_told_in_json_that_can_be_read(client):
    answer = ask(client, "GET", "/users/x?limit=%22%5C%E2%80%A8")

    assert json.loads(answer.content)["errors"][1]["path"] == "limit"
