import asyncio
import io

import httpx2
import pytest
from msgspec import Struct

from gambrel import GambrelError
from gambrel.client import (
    HTTPClient,
    SafeHTTPClient,
    SafeSyncHTTPClient,
    SyncHTTPClient,
    UnsafeAddress,
)
from tests.client.threads import in_thread


class Item(Struct):
    name: str


def answer(text: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(text), text)


def test_json_is_loaded_into_a_type():
    assert in_thread(
        answer(b'{"name":"nail"}'), lambda client, url: client.load(Item, url)
    ) == Item("nail")


def test_what_is_no_answer_is_an_error():
    def load(client: SyncHTTPClient, url: str) -> None:
        with pytest.raises(httpx2.HTTPStatusError):
            client.load(Item, url)

    in_thread(answer(b"", b"404 Not Found"), load)


def test_the_time_holds_for_the_whole():
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    def get(client: SyncHTTPClient, url: str) -> None:
        with pytest.raises(httpx2.ReadTimeout, match=r"no answer within 0\.2 s"):
            client.get(url)

    in_thread(drip, get, total=0.2)


def test_options_are_those_of_the_async_client():
    def echo(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/old":
            return httpx2.Response(302, headers={"location": "/v1/new"})
        return httpx2.Response(200, json=[str(request.url), dict(request.headers)])

    def get(client: SyncHTTPClient, _: str) -> list:
        return client.get("old").json()

    url, headers = in_thread(
        b"",
        get,
        transport=httpx2.MockTransport(echo),
        base_url="http://shop.example/v1/",
        headers={"x-key": "k"},
        auth=("ada", "secret"),
        params={"page": "1"},
        follow_redirects=True,
    )

    assert url == "http://shop.example/v1/new"
    assert headers["x-key"] == "k"
    assert headers["authorization"].startswith("Basic ")
    assert headers["user-agent"] == "gambrel"


def test_files_are_sent_and_no_cookie_is_kept():
    def echo(request: httpx2.Request) -> httpx2.Response:
        kept = request.headers.get("cookie", "none")
        return httpx2.Response(
            200, content=request.content + kept.encode(), headers={"set-cookie": "a=b"}
        )

    def send(client: SyncHTTPClient, url: str) -> str:
        client.get(url)
        return client.post(url, files={"photo": io.BytesIO(b"pixels")}).text

    text = in_thread(b"", send, transport=httpx2.MockTransport(echo))

    assert "pixels" in text
    assert text.endswith("none")


def test_when_the_client_is_closed_it_says_so():
    async def main() -> None:
        async with HTTPClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as c:
            client = SyncHTTPClient(c)
        with pytest.raises(GambrelError, match="its app had stopped"):
            await asyncio.to_thread(client.get, "http://shop.example/")

    asyncio.run(main())


def test_closing_it_closes_nothing():
    async def main() -> int:
        async with HTTPClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as c:
            with SyncHTTPClient(c):
                pass
            return (await c.get("http://shop.example/")).status_code

    assert asyncio.run(main()) == 200


def test_addresses_of_strangers_are_checked():
    async def main() -> None:
        async with SafeHTTPClient() as safe:
            client = SafeSyncHTTPClient(safe)
            for url in ("http://127.0.0.1/", "http://user:x@8.8.8.8/"):
                with pytest.raises(UnsafeAddress):
                    await asyncio.to_thread(client.get, url)

    asyncio.run(main())


def test_what_is_no_url_is_told_by_one_error():
    def get(client: SyncHTTPClient, url: str) -> None:
        with pytest.raises(httpx2.RemoteProtocolError, match="no URL"):
            client.get(url, follow_redirects=True)

    def get_safely(client: SyncHTTPClient) -> None:
        with pytest.raises(UnsafeAddress, match="no URL"):
            client.get("http://xn--a..b/")

    async def main() -> None:
        async with SafeHTTPClient() as client:
            await asyncio.to_thread(get_safely, SafeSyncHTTPClient(client))

    in_thread(b"HTTP/1.1 302 Found\r\nlocation: http://xn--a..b/\r\ncontent-length: 0\r\n\r\n", get)
    asyncio.run(main())
