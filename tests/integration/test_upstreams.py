"""Services behind an app that are slow, silent or dying: a row of docs/reference/security.md."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gambrel import App
from gambrel.client import HTTP, HTTPClient
from gambrel.testing import AsyncClient
from tests.client.answering import answering

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def shop(**options: Any) -> App:
    app = App(extensions=[HTTP(retries=0, **options)])

    @app.get("/stock")
    async def stock(http: HTTPClient, url: str) -> str:
        return (await http.get(url)).text

    @app.get("/stock/later", deadline=0.05)
    async def later(http: HTTPClient, url: str) -> str:
        return (await http.get(url)).text

    @app.get("/here")
    async def here() -> str:
        return "here"

    return app


def trial(app: App, answer: Answer, do: Callable[[AsyncClient, dict[str, str]], Any]) -> Any:
    async def main() -> Any:
        client = AsyncClient(app, raise_server_errors=False)
        async with asyncio.timeout(30), answering(answer) as url, client:
            return await do(client, {"url": url})

    return asyncio.run(main())


class Silent:
    """A service that takes connections and requests, and answers once it is well."""

    def __init__(self) -> None:
        self.asked = 0
        self.some = asyncio.Event()
        self.well = asyncio.Event()

    async def __call__(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self.some.set()
        await self.well.wait()
        writer.write(OK)
        await writer.drain()


def test_r31_who_waits_for_a_silent_service_holds_nobody_up():
    silent = Silent()

    async def do(client: AsyncClient, url: dict[str, str]) -> list[Any]:
        waiting = [asyncio.ensure_future(client.get("/stock", params=url)) for _ in range(20)]
        await silent.some.wait()
        here = [(await client.get("/here")).status_code for _ in range(20)]
        assert not any(one.done() for one in waiting)
        silent.well.set()
        return [set(here), {one.status_code for one in await asyncio.gather(*waiting)}]

    assert trial(shop(), silent, do) == [{200}, {200}]


def test_r31_a_service_that_has_failed_again_and_again_is_asked_no_more():
    silent = Silent()

    async def do(client: AsyncClient, url: dict[str, str]) -> list[int]:
        return [(await client.get("/stock", params=url)).status_code for _ in range(6)]

    assert trial(shop(total=0.05, circuit=3), silent, do) == [504, 504, 504, 502, 502, 502]
    assert silent.asked == 3


def test_r31_a_deadline_ends_what_is_asked_for_it():
    silent = Silent()

    async def do(client: AsyncClient, url: dict[str, str]) -> list[int]:
        return [(await client.get("/stock/later", params=url)).status_code for _ in range(2)]

    assert trial(shop(), silent, do) == [503, 503]


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
        b"\x00\xff\r\n\r\n",
    ],
)
def test_r31_a_service_that_dies_while_it_answers_is_a_bad_gateway(part):
    async def dying(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(part)
        await writer.drain()
        writer.transport.abort()

    async def do(client: AsyncClient, url: dict[str, str]) -> tuple[int, bool]:
        answer = await client.get("/stock", params=url)
        return answer.status_code, "half" in answer.text

    assert trial(shop(), dying, do) == (502, False)


def test_r31_a_service_that_comes_back_is_asked_again():
    silent = Silent()

    async def do(client: AsyncClient, url: dict[str, str]) -> list[int]:
        first = (await client.get("/stock", params=url)).status_code
        silent.well.set()
        return [first, (await client.get("/stock", params=url)).status_code]

    assert trial(shop(total=0.2), silent, do) == [504, 200]
