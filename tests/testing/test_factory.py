import asyncio
from typing import Any

import pytest

from gambrel import App, GambrelError, Request, Response
from gambrel.extend import Setup
from gambrel.testing import Client, build, make_request


class Greeting:
    name = "greeting"
    requires: tuple[str, ...] = ()
    settings: type | None = None

    def install(self, setup: Setup) -> None:
        async def greet() -> str:
            return "hello"

        setup.route("/greeting", greet)


class NeedsMore(Greeting):
    requires = ("database",)


def test_build_makes_an_app_of_the_extensions_alone():
    app = build(Greeting(), debug=True)

    assert [str(route.pattern) for route in app.routes] == ["/greeting"]
    assert app.settings.core.debug


def test_an_app_made_by_build_can_be_asked():
    with Client(build(Greeting())) as client:
        assert client.get("/greeting").text == "hello"


def test_build_refuses_what_an_app_refuses():
    with pytest.raises(GambrelError, match="database"):
        build(NeedsMore())


def test_a_made_request_has_the_parts_of_its_target():
    request = make_request("GET", "/a%20b?x=1&x=2")

    assert (request.method, request.path, request.raw_path) == ("GET", "/a b", "/a%20b")
    assert request.query.get_all("x") == ["1", "2"]
    assert (request.host, request.scheme, request.client) == ("localhost", "http", "127.0.0.1")
    assert request.is_buffered


@pytest.mark.parametrize(
    ("body", "media_type", "content"),
    [
        ({"json": {"a": 1}}, "application/json", b'{"a":1}'),
        ({"form": {"a": [1, 2]}}, "application/x-www-form-urlencoded", b"a=1&a=2"),
        ({"body": "text"}, "", b"text"),
        ({"body": b"bytes"}, "", b"bytes"),
    ],
)
def test_a_made_request_has_its_body_and_says_so(
    body: dict[str, Any], media_type: str, content: bytes
):
    request = make_request("POST", "/", **body)

    assert asyncio.run(request.body()) == content
    assert request.media_type == media_type
    assert request.headers["content-length"] == str(len(content))


def test_given_headers_stand_over_made_ones():
    pairs = [("Host", "shop.example"), ("Content-Type", "text/json"), ("x-a", "1"), ("x-a", "2")]

    request = make_request("POST", "/", json=1, headers=pairs)

    assert request.headers.get_all("host") == ["shop.example"]
    assert request.media_type == "text/json"
    assert request.headers.get_all("x-a") == ["1", "2"]


def test_a_made_request_knows_its_app_and_peer():
    app = App()

    request = make_request(headers={"x-a": "1"}, app=app, peer=("203.0.113.9", 1))

    assert (request.app, request.client, request.headers["x-a"]) == (app, "203.0.113.9", "1")


def test_a_middleware_can_be_called_with_a_made_request():
    async def stamp(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-path"] = request.path
        return response

    async def answer(request: Request) -> Response:
        return Response("ok")

    response = asyncio.run(stamp(make_request("GET", "/here"), answer))

    assert response.headers["x-path"] == "/here"


def test_the_client_of_a_made_request_stays():
    async def wait() -> None:
        async with asyncio.timeout(0.01):
            await make_request().gone()

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_a_response_delivered_to_a_made_request_is_kept():
    request, response = make_request(), Response("ok")

    request.connection.deliver(request, response)

    assert request.connection.responses == [response]
