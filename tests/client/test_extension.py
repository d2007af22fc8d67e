import asyncio
import logging
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx2
import pytest
import trustme
from msgspec import Struct

from gambrel import App, GambrelError, Request, Secret
from gambrel.client import (
    HTTP,
    CallAbandoned,
    HTTPClient,
    SafeHTTPClient,
    SafeSyncHTTPClient,
    SyncHTTPClient,
)
from gambrel.testing import AsyncClient, Client, LiveServer


class Forecast(Struct):
    sky: str


BLUE = '{"sky":"blue"}'


def weather(**options: Any) -> App:
    app = App(extensions=[HTTP(**options)])

    @app.get("/today")
    async def today(http: HTTPClient) -> Forecast:
        return await http.load(Forecast, "https://weather.example/today?key=our-secret")

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
    assert "our-secret" not in caplog.text


def test_a_stranger_cannot_have_us_ask_ourselves():
    with Client(weather()) as client:
        for url in ("http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"):
            assert client.get("/pages", params={"url": url}).status_code == 502


@pytest.mark.parametrize("url", ["http://\0/", "http://①②⑦.⓪.⓪.①/", "http://xn--a..b/", "x", ""])
def test_a_url_of_a_stranger_that_is_none_is_no_fault_of_ours(url):
    app = weather()

    @app.get("/ours")
    async def ours(http: HTTPClient, name: str) -> str:
        return (await http.get(f"http://shop.example/{name}")).text

    with Client(app) as client:
        assert client.get("/pages", params={"url": url}).status_code == 502
        assert client.get("/ours", params={"name": "\0"}).status_code == 502


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


def test_both_clients_trust_the_same_and_one_shows_no_certificate_of_ours(tmp_path):
    ca_file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(ca_file))
    app = App(extensions=[HTTP(ca_file=str(ca_file), proxy=Secret("http://proxy.example:3128"))])
    kept: list[Any] = []

    @app.get("/")
    async def keep(http: HTTPClient, safe: SafeHTTPClient) -> None:
        kept.extend([http.transport.inner, safe.transport.inner.inner])

    with Client(app) as client:
        client.get("/")

    trusted = [str(one._pool._ssl_context.get_ca_certs()) for one in kept]
    assert ["trustme" in names for names in trusted] == [True, True]
    assert HTTP(certfile="ours.pem", proxy=Secret("http://proxy.example:3128")).trust() == {}


# Handlers in threads ------------------------------------------------------------------------------


def in_threads(extension: HTTP, told: Any = None, **settings: Any) -> App:
    """Return an app whose handlers are plain functions; `told` hears what is abandoned."""
    app = App(extensions=[extension], **settings)

    @app.get("/ask", deadline=20)
    @app.get("/quick", deadline=0.2)
    def ask(http: SyncHTTPClient, url: str) -> dict[str, str]:
        try:
            return http.load(dict[str, str], url)
        except CallAbandoned:
            told.set()
            raise

    @app.get("/pages")
    def page(http: SafeSyncHTTPClient, url: str) -> str:
        return http.get(url).text

    return app


@contextmanager
def silent() -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield the URL of one that never answers, and what waits until it is asked."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(30)

        def asked() -> None:
            stack.enter_context(listener.accept()[0]).recv(10)

        yield f"http://127.0.0.1:{listener.getsockname()[1]}/", asked


def visitor(server: LiveServer, url: str) -> socket.socket:
    """Return a connection on which a thread is made to ask a URL."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.sendall(f"GET /ask?url={url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def test_a_handler_in_a_thread_asks_by_the_same_client():
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    app = in_threads(HTTP(own_hosts=["127.0.0.1"]))
    with LiveServer(echo()) as other, LiveServer(app) as server:
        params, headers = {"url": other.url}, {"traceparent": trace}
        found = httpx2.get(f"{server.url}/ask", params=params, headers=headers).json()

    assert found["traceparent"] == trace
    assert found["x-request-id"]


def test_one_override_is_for_both_kinds_of_handlers():
    with (
        Client(in_threads(HTTP())) as client,
        client.override(HTTPClient, lambda: made_up(lambda _: httpx2.Response(200, text=BLUE))),
    ):
        assert client.get("/ask?url=https://weather.example/").json() == {"sky": "blue"}


def test_outside_a_request_it_is_injected_too():
    def sky(http: SyncHTTPClient) -> str:
        return http.load(Forecast, "https://weather.example/").sky

    async def main() -> Any:
        app = in_threads(HTTP())
        answers = made_up(lambda _: httpx2.Response(200, text=BLUE))
        async with AsyncClient(app) as client:
            with client.override(HTTPClient, lambda: answers):
                return await app.call(sky)

    assert asyncio.run(main()) == "blue"


def test_what_comes_is_passed_on_as_a_stream():
    source, app = App(), App(extensions=[HTTP()])

    @source.get("/")
    async def numbers() -> AsyncIterator[bytes]:
        for number in range(3):
            yield str(number).encode()

    @app.get("/export")
    def export(http: SyncHTTPClient, url: str) -> Iterator[bytes]:
        with http.stream("GET", url) as answer:
            yield from answer.iter_bytes()

    with LiveServer(source) as other, LiveServer(app) as server:
        told = httpx2.get(f"{server.url}/export", params={"url": other.url})

    assert told.content == b"012"


def test_a_stranger_cannot_have_a_thread_ask_ourselves():
    with LiveServer(in_threads(HTTP())) as server:
        told = httpx2.get(f"{server.url}/pages", params={"url": server.url})

    assert told.status_code == 502


def test_in_an_async_handler_the_error_says_what_to_ask_for():
    app = App(extensions=[HTTP()])

    @app.get("/")
    async def blocked(http: SyncHTTPClient) -> str:
        return http.get("http://shop.example/").text

    with Client(app) as client, pytest.raises(GambrelError) as told:
        client.get("/")

    assert told.value.code == "client.on-the-loop"
    assert "ask for an HTTPClient" in told.value.hint


def test_one_that_is_down_is_502_and_a_slow_one_504():
    with silent() as (nobody, _), LiveServer(in_threads(HTTP(total=0.2))) as server:
        slow = httpx2.get(f"{server.url}/ask", params={"url": nobody})
    with LiveServer(in_threads(HTTP(retries=0))) as server:
        down = httpx2.get(f"{server.url}/ask", params={"url": nobody})

    assert (slow.status_code, down.status_code) == (504, 502)


def test_at_the_deadline_of_its_request_a_thread_is_free_again():
    told = threading.Event()
    with silent() as (nobody, _), LiveServer(in_threads(HTTP(), told)) as server:
        late = httpx2.get(f"{server.url}/quick", params={"url": nobody}, timeout=30)
        assert told.wait(30)

    assert late.status_code == 503


def test_when_the_client_leaves_a_thread_is_free_again():
    told = threading.Event()
    with silent() as (nobody, asked), LiveServer(in_threads(HTTP(), told)) as server:
        with visitor(server, nobody):
            asked()
        assert told.wait(30)


def test_a_server_that_stops_ends_what_threads_wait_for():
    told = threading.Event()
    with silent() as (nobody, asked), ExitStack() as stack:
        server = LiveServer(in_threads(HTTP(), told, shutdown_grace=1))
        with server:
            stack.enter_context(visitor(server, nobody))
            asked()
        assert told.wait(30)
