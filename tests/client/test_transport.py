import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import httpx2
import pytest

from gambrel.client import CircuitOpen, UnsafeAddress, transport
from gambrel.client.transport import Manners, PoliteTransport, WebOnly

Outcome = int | Exception | tuple[int, dict[str, str]]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(transport, "delay", lambda _attempt, asked: asked or 0.0)


def send(
    outcomes: Iterable[Outcome],
    method: str = "GET",
    content: Any = None,
    fields: Any = None,
    **manners: Any,
) -> tuple[Any, int]:
    """Make a request whose attempts have these outcomes; return the last one, and how many."""
    coming, made = iter(outcomes), 0

    def answer(request: httpx2.Request) -> httpx2.Response:
        nonlocal made
        made += 1
        outcome = next(coming)
        if isinstance(outcome, Exception):
            raise outcome
        status, headers = outcome if isinstance(outcome, tuple) else (outcome, {})
        return httpx2.Response(status, headers=headers)

    async def main() -> Any:
        polite = PoliteTransport(httpx2.MockTransport(answer), Manners(**manners))
        async with httpx2.AsyncClient(transport=polite) as client:
            try:
                response = await client.request(
                    method, "http://shop.example/", content=content, headers=fields
                )
            except httpx2.HTTPError as error:
                return type(error)
            return response.status_code

    return asyncio.run(main()), made


def test_what_may_be_repeated_is_tried_again():
    assert send([503, httpx2.ReadError("x"), 200]) == (200, 3)
    assert send([httpx2.ConnectError("x"), 200], "POST") == (200, 2)
    assert send([503, 200], "PUT", b"x") == (200, 2)


@pytest.mark.parametrize("outcome", [503, httpx2.ReadError("x"), httpx2.ReadTimeout("x")])
def test_what_may_have_been_done_is_not_done_again(outcome):
    _, made = send([outcome, 200], "POST")

    assert made == 1


@pytest.mark.parametrize("name", ["Idempotency-Key", "webhook-id"])
def test_what_has_a_name_is_known_again(name):
    assert send([503, 200], "POST", b"x", fields={name: "1"}) == (200, 2)


def test_what_can_be_read_but_once_is_not_sent_again():
    async def pieces():
        yield b"x"

    assert send([503, 200], "PUT", pieces()) == (503, 1)


def test_attempts_end():
    assert send([503] * 9) == (503, 3)
    assert send([httpx2.ConnectError("x")] * 9) == (httpx2.ConnectError, 3)
    assert send([503, 200], retries=0) == (503, 1)


@pytest.mark.parametrize(
    "error",
    [
        UnsafeAddress("x"),
        httpx2.LocalProtocolError("x"),
        httpx2.UnsupportedProtocol("x"),
        httpx2.DecodingError("x"),
    ],
)
def test_what_cannot_go_well_another_time_is_not_tried_again(error):
    assert send([error, 200]) == (type(error), 1)


def test_a_server_that_asks_for_too_long_is_not_asked_again():
    assert send([(503, {"retry-after": "6"}), 200]) == (503, 1)
    assert send([(503, {"retry-after": "0"}), 200]) == (200, 2)


def test_other_failures_are_answers():
    assert send([500, 200]) == (500, 1)


def run(polite: PoliteTransport, do: Callable[[httpx2.AsyncClient], Any]) -> Any:
    async def main() -> Any:
        async with httpx2.AsyncClient(transport=polite) as client:
            return await do(client)

    return asyncio.run(main())


def test_a_server_that_fails_everybody_is_not_asked_ever_more_often():
    made = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        made.append(request)
        return httpx2.Response(503)

    async def ask(client: httpx2.AsyncClient) -> None:
        for _ in range(100):
            await client.get("http://shop.example/")

    run(PoliteTransport(httpx2.MockTransport(answer), Manners()), ask)

    assert 100 < len(made) <= 121


def test_a_host_that_fails_is_left_alone():
    async def ask(client: httpx2.AsyncClient) -> list[object]:
        seen: list[object] = []
        for _ in range(4):
            try:
                seen.append((await client.post("http://shop.example/")).status_code)
            except CircuitOpen as error:
                seen.append(type(error))
        return seen

    polite = PoliteTransport(
        httpx2.MockTransport(lambda _: httpx2.Response(503)), Manners(circuit=2)
    )

    assert run(polite, ask) == [503, 503, CircuitOpen, CircuitOpen]


def test_clients_that_leave_do_not_keep_others_from_a_host():
    asked = asyncio.Event()

    async def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "GET":
            asked.set()
            await asyncio.Event().wait()
        return httpx2.Response(200)

    async def ask(client: httpx2.AsyncClient) -> int:
        for _ in range(5):
            asked.clear()
            left = asyncio.ensure_future(client.get("http://shop.example/"))
            begun = asyncio.ensure_future(asked.wait())
            await asyncio.wait([begun, left], return_when=asyncio.FIRST_COMPLETED)
            begun.cancel()
            left.cancel()
            await asyncio.wait([begun, left])
        return (await client.post("http://shop.example/")).status_code

    polite = PoliteTransport(httpx2.MockTransport(answer), Manners(circuit=2))

    assert run(polite, ask) == 200


def test_refused_addresses_use_up_nothing():
    async def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/inside":
            raise UnsafeAddress("not on the public internet")
        return httpx2.Response(200)

    async def ask(client: httpx2.AsyncClient) -> int:
        for _ in range(5):
            with pytest.raises(UnsafeAddress):
                await client.get("http://shop.example/inside")
        return (await client.get("http://shop.example/")).status_code

    polite = PoliteTransport(httpx2.MockTransport(answer), Manners(circuit=2))

    assert run(polite, ask) == 200
    assert polite.budget.left == polite.budget.most


def test_headers_are_passed_on():
    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=request.headers["x-request-id"])

    async def ask(client: httpx2.AsyncClient) -> str:
        return (await client.get("http://shop.example/")).text

    manners = Manners(passed_on=lambda host: {"x-request-id": host})

    assert run(PoliteTransport(httpx2.MockTransport(answer), manners), ask) == "shop.example"


def test_what_one_host_is_told_does_not_follow_a_redirect_to_another():
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "shop.example":
            return httpx2.Response(302, headers={"location": "http://elsewhere.example/"})
        return httpx2.Response(200, text=request.headers.get("x-request-id", "nothing"))

    async def ask(client: httpx2.AsyncClient) -> str:
        return (await client.get("http://shop.example/", follow_redirects=True)).text

    told = {"shop.example": {"x-request-id": "1"}}
    polite = PoliteTransport(httpx2.MockTransport(answer), Manners(passed_on=told.get))

    assert run(polite, ask) == "nothing"


@pytest.mark.parametrize("url", ["http://user:secret@shop.example/", "ftp://shop.example/"])
def test_only_the_web(url):
    web = WebOnly(httpx2.MockTransport(lambda _: httpx2.Response(200)))

    async def ask() -> None:
        await web.handle_async_request(httpx2.Request("GET", url))

    with pytest.raises(UnsafeAddress):
        asyncio.run(ask())


def test_a_slow_answer_is_asked_for_once_more():
    asked = []

    class Slow(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            asked.append(request.method)
            if len(asked) == 1:
                await asyncio.get_running_loop().create_future()
            return httpx2.Response(200, content=b"answer %d" % len(asked))

    async def main() -> str:
        polite = PoliteTransport(Slow(), Manners(hedge=0.001))
        async with httpx2.AsyncClient(transport=polite) as client:
            return (await client.get("http://shop.example/")).text

    assert asyncio.run(main()) == "answer 2"


def test_what_changes_something_is_not_made_twice_for_being_slow():
    _, made = send([200, 200], "POST", b"x", hedge=1e-9)

    assert made == 1


def test_a_host_gets_no_more_in_a_second_than_the_rate():
    async def main() -> list[float]:
        polite = PoliteTransport(
            httpx2.MockTransport(lambda _: httpx2.Response(200)), Manners(rate=2)
        )
        polite.pace._sleep = sleep
        async with httpx2.AsyncClient(transport=polite) as client:
            for url in ("http://a.example/", "http://b.example/") * 3:
                await client.get(url)
        return slept

    async def sleep(seconds: float) -> None:
        slept.append(round(seconds))

    slept: list[float] = []

    assert asyncio.run(main()) == [1, 1]
