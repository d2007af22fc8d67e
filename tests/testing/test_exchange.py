import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gambrel import App, Response
from gambrel.core.http.types import Message, Receive, Scope, Send
from gambrel.testing.exchange import HIGH_WATER, End, Event, Exchange, Head, Want, watch_failures

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


def scope(method: str = "GET") -> Scope:
    return {"type": "http", "method": method, "path": "/", "headers": []}


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def sends(*messages: Message) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


async def events_of(exchange: Exchange) -> list[Event]:
    events: list[Event] = []
    while not events or not isinstance(events[-1], End):
        events += await exchange.take()
    return events


def run(app: Any, method: str = "GET", body: bytes | None = b"") -> list[Event]:
    async def one() -> list[Event]:
        return await events_of(Exchange(app, scope(method), body))

    return asyncio.run(one())


def test_what_the_app_sends_comes_in_its_order_and_its_pieces():
    head = {**START, "status": 202, "headers": [(b"X-A", b"1"), (b"X-A", b"2")]}

    events = run(sends(head, piece(b"a", more=True), piece(b"b")))

    assert events == [
        Head(202, [(b"X-A", b"1"), (b"X-A", b"2")]),
        b"a",
        b"b",
        End(None, is_complete=True),
    ]


def test_a_head_request_has_no_pieces():
    assert run(sends(START, piece(b"a")), "HEAD") == [Head(200, []), End(None, is_complete=True)]


def test_a_whole_body_is_there_at_once_and_then_the_client_is_gone():
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.append(await receive())
        await send(START)
        await send(piece(b""))
        received.extend([await receive(), await receive()])

    run(app, body=b"all")

    assert received == [
        {"type": "http.request", "body": b"all", "more_body": False},
        {"type": "http.disconnect"},
        {"type": "http.disconnect"},
    ]


def test_a_body_in_pieces_is_asked_for():
    received: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            received.append(message["body"])
            more = message["more_body"]

    async def talk() -> list[Event]:
        exchange = Exchange(app, scope("POST"), None)
        events = [*await exchange.take()]
        exchange.feed(b"one")
        events += await exchange.take()
        exchange.feed(None)
        exchange.feed(b"too late")
        return events + await events_of(exchange)

    assert asyncio.run(talk()) == [Want.BODY, Want.BODY, End(None, is_complete=False)]
    assert received == [b"one", b""]


def test_an_app_waits_for_a_reader_that_is_behind():
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send(START)
        while True:
            await send(piece(b"x" * 1024, more=True))
            sent += 1024

    async def read_nothing() -> int:
        exchange = Exchange(app, scope(), b"")
        for _ in range(1000):
            await asyncio.sleep(0)
        ahead = sent
        await exchange.leave()
        return ahead

    assert asyncio.run(read_nothing()) < HIGH_WATER


def test_an_app_that_sends_on_to_a_client_that_left_is_told():
    told: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        message = await receive()
        assert message["type"] == "http.disconnect"
        try:
            await send(START)
        except OSError as error:
            told.append(error)
            raise

    async def leave() -> list[Event]:
        exchange = Exchange(app, scope("POST"), b"")
        await exchange.leave()
        return await events_of(exchange)

    assert asyncio.run(leave()) == [End(None, is_complete=False)]
    assert len(told) == 1


@pytest.mark.parametrize(
    "messages",
    [
        [piece(b"no head")],
        [START, START],
        [START, piece(b""), piece(b"")],
        [{"type": "websocket.send"}],
    ],
)
def test_messages_out_of_turn_are_an_error_of_the_app(messages: list[Message]):
    *_, end = run(sends(*messages))

    assert isinstance(end, End)
    assert isinstance(end.error, RuntimeError)


@pytest.mark.parametrize("body", [b"", b"four", b"sixsix"])
def test_a_body_of_another_length_than_announced_is_an_error_of_the_app(body: bytes):
    head = {**START, "headers": [(b"content-length", b"5")]}

    *_, end = run(sends(head, piece(body)))

    assert isinstance(end, End)
    assert "Content-Length" in str(end.error)


def test_the_length_of_an_answer_to_head_is_not_counted():
    head = {**START, "headers": [(b"content-length", b"5")]}

    assert run(sends(head, piece(b"")), "HEAD")[-1] == End(None, is_complete=True)


def test_an_app_that_cancels_itself_has_failed():
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    [end] = run(app)

    assert isinstance(end, End)
    assert isinstance(end.error, asyncio.CancelledError)


def test_each_exchange_hears_of_its_own_failure_only():
    app = App()

    @app.get("/")
    async def fail() -> Response:
        raise ValueError("mine")

    async def fail_twice() -> list[str]:
        whole = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [(b"host", b"localhost")],
        }
        async with app.running():
            watch_failures(app)
            watch_failures(app)
            exchanges = [Exchange(app, whole, b""), Exchange(app, {**whole, "path": "/no"}, b"")]
            for exchange in exchanges:
                await events_of(exchange)
            return [str(exchange.reported) for exchange in exchanges]

    assert asyncio.run(fail_twice()) == ["mine", "None"]
