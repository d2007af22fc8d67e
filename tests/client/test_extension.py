import asyncio
import logging
from typing import Any

import httpx2
import pytest
from msgspec import Struct

from gambrel import App, Request, Secret
from gambrel.client import HTTP, HTTPClient, SafeHTTPClient
from gambrel.testing import AsyncClient, Client, LiveServer


class Forecast(Struct):
    sky: str


BLUE = '{"sky":"blue"}'


def weather(**options: Any) -> App:
    app = App(extensions=[HTTP(**options)])

    @app.get("/today")
    async def today(http: HTTPClient) -> Forecast:
        return await http.load(Forecast, "https://weather.example/today?key=abc")

    @app.get("/pages")
    async def page(http: SafeHTTPClient, url: str) -> str:
        return (await http.get(url)).text

    return app


def made_up(answer: Any, **options: Any) -> HTTPClient:
    return HTTPClient(transport=httpx2.MockTransport(answer), **options)


def test_answers_are_made_up_in_tests():
    with (
        Client(weather()) as client,
        client.override(HTTPClient, lambda: made_up(lambda _: httpx2.Response(200, text=BLUE))),
    ):
        assert client.get("/today").json() == {"sky": "blue"}


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (httpx2.ReadTimeout("too slow"), 504),
        (httpx2.ConnectError("refused"), 502),
        (httpx2.Response(500), 502),
        (httpx2.Response(200, json={"sky": 3}), 502),
    ],
)
def test_what_fails_behind_us_is_502_or_504_and_tells_nothing(failure, status, caplog):
    def answer(request: httpx2.Request) -> httpx2.Response:
        if isinstance(failure, Exception):
            raise failure
        return failure

    with (
        caplog.at_level(logging.WARNING),
        Client(weather(retries=0)) as client,
        client.override(HTTPClient, lambda: made_up(answer)),
    ):
        told = client.get("/today")

    assert told.status_code == status
    assert "weather.example" not in told.text
    assert "abc" not in caplog.text


def test_a_stranger_cannot_have_us_ask_ourselves():
    with Client(weather()) as client:
        for url in ("http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"):
            assert client.get("/pages", params={"url": url}).status_code == 502


def test_clients_are_closed_with_the_app():
    app = weather()
    seen: list[HTTPClient] = []

    @app.get("/keep")
    async def keep(http: HTTPClient) -> None:
        seen.append(http)

    with Client(app) as client:
        client.get("/keep")
        client.get("/keep")

    assert seen[0] is seen[1]
    assert seen[0].is_closed


def echo() -> App:
    app = App(defaults=())

    @app.get("/")
    async def headers(request: Request) -> dict[str, str]:
        return {name: request.headers.get(name, "") for name in ("x-request-id", "traceparent")}

    return app


def test_hosts_of_ours_are_told_which_request_it_is_for():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    app = App(extensions=[HTTP(own_hosts=["localhost"])])

    @app.get("/ask")
    async def ask(request: Request, http: HTTPClient, url: str) -> dict[str, str]:
        found: dict[str, str] = await http.load(dict[str, str], url)
        return {**found, "ours": request.id}

    with LiveServer(echo()) as other, Client(app, headers={"traceparent": trace}) as client:
        port = other.url.rpartition(":")[2]
        own = client.get("/ask", params={"url": f"http://localhost:{port}/"}).json()
        foreign = client.get("/ask", params={"url": f"http://127.0.0.1:{port}/"}).json()

    assert own == {"x-request-id": own["ours"], "traceparent": trace, "ours": own["ours"]}
    assert foreign == {"x-request-id": "", "traceparent": "", "ours": foreign["ours"]}


def test_another_app_may_answer_in_process():
    shop = App(defaults=())

    @shop.get("/today")
    async def today() -> Forecast:
        return Forecast("grey")

    app = App(extensions=[HTTP()])

    @app.get("/sky")
    async def sky(http: HTTPClient) -> str:
        return (await http.load(Forecast, "http://localhost/today")).sky

    async def main() -> str:
        async with AsyncClient(shop) as inner, AsyncClient(app) as client:
            with client.override(HTTPClient, lambda: HTTPClient(transport=inner._transport)):
                return (await client.get("/sky")).text

    assert asyncio.run(main()) == "grey"


def test_a_proxy_and_certificates_are_settings(tmp_path):
    assert HTTP(proxy=Secret("http://proxy.example:3128")).wires() == {
        "proxy": "http://proxy.example:3128"
    }
    with pytest.raises(FileNotFoundError):
        HTTP(ca_file=str(tmp_path / "none.pem")).wires()
    assert HTTP().wires() == {}
