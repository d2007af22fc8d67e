import asyncio
import gzip
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from msgspec import Struct

from gambrel import GambrelError
from gambrel.client import AnswerTooLarge, HTTPClient, SafeHTTPClient, UnsafeAddress
from gambrel.client.addresses import PublicNetwork
from gambrel.client.transport import Manners
from tests.client.answering import answering, told


class Item(Struct):
    name: str


def with_client(
    answer: Any, do: Callable[[HTTPClient, str], Awaitable[Any]], **options: Any
) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(30), answering(answer) as url, HTTPClient(**options) as client:
            return await do(client, url)

    return asyncio.run(main())


def http(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *fields, b"", b""]
    return b"\r\n".join(lines) + body


def test_json_is_loaded_into_a_type():
    async def load(client: HTTPClient, url: str) -> Item:
        return await client.load(Item, url)

    assert with_client(http(b'{"name":"nail"}'), load) == Item("nail")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (http(b'{"name":3}'), httpx2.DecodingError),
        (http(b"\xff"), httpx2.DecodingError),
        (http(b"", status=b"404 Not Found"), httpx2.HTTPStatusError),
        (b"nonsense\r\n\r\n", httpx2.RemoteProtocolError),
        (b"", httpx2.RemoteProtocolError),
    ],
)
def test_what_is_no_answer_is_an_error(answer, error):
    async def load(client: HTTPClient, url: str) -> Item:
        return await client.load(Item, url)

    with pytest.raises(error):
        with_client(answer, load, manners=Manners(retries=0))


def test_the_time_holds_for_the_whole():
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def get(client: HTTPClient, url: str) -> None:
        await client.get(url)

    with pytest.raises(httpx2.ReadTimeout, match=r"no answer within 0\.2 s"):
        with_client(drip, get, total=0.2)


def test_the_size_is_bounded_and_that_of_a_bomb():
    async def get(client: HTTPClient, url: str) -> bytes:
        return (await client.get(url)).content

    packed = gzip.compress(bytes(5_000_000))
    bomb = http(packed, b"content-encoding: gzip")

    assert with_client(bomb, get) == bytes(5_000_000)
    with pytest.raises(AnswerTooLarge):
        with_client(bomb, get, manners=Manners(max_body=1_000_000))


@pytest.mark.parametrize(
    ("coding", "error"),
    [
        (b"identity, gzip", AnswerTooLarge),
        (b"gzip, identity", AnswerTooLarge),
        (b"gzip, gzip", httpx2.DecodingError),
        (b"gzip, unknown", httpx2.DecodingError),
    ],
)
def test_a_bomb_in_a_list_of_codings_is_bounded(coding, error):
    async def get(client: HTTPClient, url: str) -> bytes:
        return (await client.get(url)).content

    packed = gzip.compress(bytes(5_000_000))
    if coding == b"gzip, gzip":
        packed = gzip.compress(packed)
    bomb = http(packed, b"content-encoding: " + coding)

    with pytest.raises(error):
        with_client(bomb, get, manners=Manners(max_body=1_000_000))


def test_redirects_and_cookies_are_not_followed_and_not_kept():
    answer = http(b"", b"location: http://other.example/", b"set-cookie: a=b", status=b"302 Found")

    async def get(client: HTTPClient, url: str) -> tuple[int, int, str]:
        first = await client.get(url)
        request = client.build_request("GET", url)
        return first.status_code, len(client.cookies), request.headers.get("cookie", "")

    assert with_client(answer, get) == (302, 0, "")


@pytest.mark.parametrize("location", [b"http://xn--a..b/", b"//]@"])
def test_a_redirect_to_what_is_no_url_is_told_where_it_is_followed(location):
    answer = http(b"", b"location: " + location, status=b"302 Found")

    async def get(client: HTTPClient, url: str) -> int:
        with pytest.raises(httpx2.RemoteProtocolError, match="no URL"):
            await client.get(url, follow_redirects=True)
        return (await client.get(url)).status_code

    assert with_client(answer, get) == 302


def test_a_stream_is_read_as_it_comes():
    async def lines(client: HTTPClient, url: str) -> list[str]:
        async with client.stream("GET", url) as response:
            return [line async for line in response.aiter_lines()]

    assert with_client(http(b"one\ntwo\n"), lines) == ["one", "two"]


def test_connections_are_used_again():
    connections = []

    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        while True:
            writer.write(http(b""))
            await reader.readuntil(b"\r\n\r\n")

    async def get(client: HTTPClient, url: str) -> None:
        for _ in range(3):
            await client.get(url)

    with_client(twice, get)

    assert len(connections) == 1


# Addresses of strangers ---------------------------------------------------------------------------


def refused(url: str, **options: Any) -> None:
    async def main() -> None:
        async with asyncio.timeout(30), SafeHTTPClient(**options) as client:
            await client.get(url, follow_redirects=True)

    asyncio.run(main())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/", "http://localhost/", "https://10.0.0.1/",
        "http://user:secret@8.8.8.8/", "http://8.8.8.8:22/", "http://8.8.8.8:6379/",
    ],
)  # fmt: skip
def test_addresses_inside_and_other_services_are_refused(url):
    with pytest.raises(UnsafeAddress):
        refused(url)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://8.8.8.8/", "unix:/run/x", "//x/"])
def test_other_schemes_are_refused(url):
    with pytest.raises((UnsafeAddress, httpx2.UnsupportedProtocol)):
        refused(url)


@pytest.mark.parametrize("url", ["http://\0/", "http://①②⑦.⓪.⓪.①/", "http://xn--a..b/", "x"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(UnsafeAddress):
        refused(url)


def test_a_redirect_inside_is_refused():
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(302, headers={"location": "http://user:x@shop.example/"})

    with pytest.raises(UnsafeAddress):
        refused("http://shop.example/", transport=httpx2.MockTransport(answer))


def test_a_name_that_moves_inside_is_refused_where_it_is_connected_to():
    asked: list[str] = []
    addresses = {"shop.example": ["8.8.8.8"]}
    network = told(addresses, asked)

    async def main() -> None:
        async with SafeHTTPClient(network=network, manners=Manners(retries=0)) as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get("http://shop.example/")
            addresses["shop.example"] = ["127.0.0.1"]
            with pytest.raises(UnsafeAddress):
                await client.get("http://shop.example/")

    asyncio.run(main())

    assert asked == ["8.8.8.8"]


def test_the_addresses_of_a_name_are_looked_up_once():
    looked_up: list[str] = []

    async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    with pytest.raises(UnsafeAddress):
        refused("http://shop.example/", network=PublicNetwork(resolve=resolve))

    assert looked_up == ["shop.example"]


def test_certificates_are_verified():
    client = SafeHTTPClient()
    pool = client._transport.inner.inner._pool

    assert pool._ssl_context.verify_mode is ssl.CERT_REQUIRED


# Options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["http2", "limits", "mounts", "timeout", "cookies", "trust_env"])
@pytest.mark.parametrize("client", [HTTPClient, SafeHTTPClient])
def test_options_that_would_not_hold_are_refused(client, name):
    with pytest.raises(GambrelError) as told:
        client(**{name: None})

    assert told.value.code == "client.option"
    assert f"{client.__name__} was given {name}" in str(told.value)


@pytest.mark.parametrize("name", ["proxy", "cert", "mounts"])
def test_no_option_leads_around_the_check_of_addresses(name):
    with pytest.raises(GambrelError, match=name):
        SafeHTTPClient(**{name: "http://127.0.0.1:1"})


def test_a_transport_has_its_own_certificates_and_proxy():
    with pytest.raises(GambrelError, match="proxy, verify"):
        HTTPClient(
            transport=httpx2.MockTransport(lambda _: httpx2.Response(200)),
            verify=False,
            proxy="http://127.0.0.1:1",
        )


def test_options_that_hold():
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=[str(request.url), request.headers["authorization"]])

    async def main() -> object:
        async with SafeHTTPClient(
            transport=httpx2.MockTransport(answer),
            base_url="https://shop.example/v1",
            params={"a": "b"},
            auth=("user", "secret"),
            headers={"x-name": "us"},
        ) as client:
            return (await client.get("/nails")).json()

    assert asyncio.run(main()) == ["https://shop.example/v1/nails?a=b", "Basic dXNlcjpzZWNyZXQ="]


def test_the_safe_client_trusts_whom_it_is_told_to():
    context = ssl.create_default_context()

    assert SafeHTTPClient(verify=context)._transport.inner.inner._pool._ssl_context is context
