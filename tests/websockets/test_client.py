"""Sockets that we open: to our own server, and to those of others."""

import asyncio
from typing import Annotated, Any

import pytest
from msgspec import Struct
from websockets.exceptions import ConnectionClosed as ForeignClosed

from gambrel import App, Header, WebSocket
from gambrel.testing import Client
from gambrel.websockets import (
    ConnectionClosed,
    HandshakeFailed,
    Limits,
    UnexpectedMessage,
    WebSockets,
    connect,
)
from tests.server.live import PATIENCE, run, serving, until
from tests.server.sockets.frames import BINARY, MORE, TEXT, frame
from tests.websockets.others import bare, foreign, opening


class Price(Struct):
    name: str
    cents: int


def market(**options: Any) -> App:
    app = App(extensions=[WebSockets(**options)])

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    @app.websocket("/prices")
    async def prices(ws: WebSocket, key: Annotated[str, Header()] = "") -> None:
        await ws.accept("v2" if "v2" in ws.subprotocols else None, {"x-key": key})
        await ws.send(Price("nail", 3))
        await ws.send("nonsense")
        await ws.send({"name": "screw", "cents": "many"})
        await ws.send(Price("bolt", 5))
        await ws.close(4000, "sold out")

    return app


def with_ours(do: Any, **options: Any) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(PATIENCE * 3), serving(market(**options)) as live:
            return await do(f"ws://127.0.0.1:{live.port}")

    return run(main())


def test_messages_go_both_ways():
    async def do(url: str) -> list[Any]:
        async with connect(f"{url}/echo") as ws:
            for message in ("héllo", b"\x00", {"a": 1}, "x" * 100_000):
                await ws.send(message)
            return [await ws.receive() for _ in range(4)]

    assert with_ours(do) == ["héllo", b"\x00", '{"a":1}', "x" * 100_000]


def test_messages_are_of_the_type_and_others_are_told():
    async def do(url: str) -> tuple[list[Any], Any]:
        found: list[Any] = []
        async with connect(f"{url}/prices", type=Price) as ws:
            while True:
                try:
                    found.append(await ws.receive())
                except UnexpectedMessage as error:
                    found.append(str(error))
                except ConnectionClosed as closed:
                    return found, (closed.code, closed.reason, str(ws.closed))

    (nail, nonsense, screw, bolt), closed = with_ours(do)

    assert (nail, bolt) == (Price("nail", 3), Price("bolt", 5))
    assert "127.0.0.1 sent what is unknown" in nonsense
    assert "cents: " in screw
    assert closed == (4000, "sold out", "the WebSocket is closed: 4000 sold out")


def test_a_loop_ends_with_the_socket():
    async def do(url: str) -> int:
        async with connect(f"{url}/prices") as ws:
            return len([message async for message in ws])

    assert with_ours(do) == 4


def test_a_handshake_has_headers_and_sub_protocols():
    async def do(url: str) -> tuple[Any, ...]:
        options = {"headers": {"key": "secret"}, "subprotocols": ["v3", "v2"]}
        async with connect(f"{url}/prices", **options) as ws:
            return ws.subprotocol, ws.headers.first("x-key"), str(ws.url).startswith(url)

    assert with_ours(do) == ("v2", "secret", True)


def test_it_may_be_awaited_and_closed_by_hand():
    async def do(url: str) -> tuple[Any, ...]:
        ws = await connect(f"{url}/echo")
        before = ws.closed
        await ws.close(4001, "done")
        with pytest.raises(ConnectionClosed, match="4001 done"):
            await ws.send("too late")
        with pytest.raises(ConnectionClosed):
            await ws.receive()
        return before, repr(ws), ws.closed.code

    before, told, code = with_ours(do)

    assert (before, code) == (None, 4001)
    assert told.endswith("/echo closed>")


def test_a_code_that_may_not_be_sent_is_refused():
    async def do(url: str) -> None:
        async with connect(f"{url}/echo") as ws:
            with pytest.raises(ValueError, match="1005"):
                await ws.close(1005)

    with_ours(do)


def test_a_block_that_fails_closes_at_once():
    seen: list[int] = []

    async def main() -> None:
        done = asyncio.Event()

        async def handle(ws: Any) -> None:
            try:
                await ws.recv()
            except ForeignClosed as closed:
                seen.append(closed.rcvd.code)
            done.set()

        async with foreign(handle) as url:
            with pytest.raises(LookupError):
                async with connect(url):
                    raise LookupError
            await done.wait()

    run(main())

    assert seen == [1001]


@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("compress", [False, True])
def test_the_server_of_another_project_understands(compression, compress):
    async def handle(ws: Any) -> None:
        async for message in ws:
            await ws.send([message[:10], message[10:]] if len(message) > 1000 else message)
            pong = await ws.ping()
            await pong
        seen.append(ws.close_code)

    async def main() -> list[Any]:
        async with (
            foreign(handle, compression=compression) as url,
            connect(url, limits=Limits(compress=compress)) as ws,
        ):
            for message in messages:
                await ws.send(message)
            found = [await ws.receive() for _ in messages]
            assert type(ws.session.wire).__name__.startswith("Deflated") is (
                compress and compression is not None
            )
            return found

    messages = ["x", "{}" * 5000, b"\x00" * 5000, "é" * 700, b""]
    seen: list[int] = []

    assert run(main()) == messages
    assert seen == [1000]


def test_a_message_that_is_too_large_closes():
    async def handle(ws: Any) -> None:
        await ws.send(b"x" * 101)
        await ws.wait_closed()
        seen.append(ws.close_code)

    async def main() -> tuple[int, list[Any]]:
        async with foreign(handle) as url, connect(url, limits=Limits(max_message=100)) as ws:
            found = [message async for message in ws]
            return ws.closed.code, found

    seen: list[int] = []

    assert run(main()) == (1009, [])
    assert seen == [1009]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame(TEXT, b"\xff", mask=False)], 1007),
        ([frame(MORE, b"x", mask=False)], 1002),
        ([frame(TEXT, b"x", mask=False, rsv=4)], 1002),
        (
            [frame(BINARY, b"x" * 80, mask=False, fin=False), frame(MORE, b"x" * 80, mask=False)],
            1009,
        ),
        ([b""], 1006),
    ],
)
def test_what_a_server_may_not_send_closes(frames, code):
    async def main() -> int:
        async with bare(opening() + b"".join(frames)) as (url, _):
            ws = await connect(url, limits=Limits(max_message=100))
            if code == 1006:
                ws.session.wire.abort()
            with pytest.raises(ConnectionClosed) as told:
                await ws.receive()
            return told.value.code

    assert run(main()) == code


def test_a_silent_server_is_asked_and_given_up():
    async def main() -> tuple[int, bytes]:
        async with bare(opening()) as (url, asked):
            ws = await connect(url, limits=Limits(ping_interval=5, ping_timeout=5))
            wire: Any = ws.session.wire
            wire.tick(6)  # it is pinged
            wire.tick(6)  # and has not answered
            with pytest.raises(ConnectionClosed) as told:
                await ws.receive()
            await until(lambda: len(asked) > 1)
            return told.value.code, asked[1][:1]

    assert run(main()) == (1006, b"\x89")


def test_a_server_that_does_not_confirm_the_closing_is_left():
    async def main() -> int:
        async with bare(opening()) as (url, _):
            ws = await connect(url)
            closing = asyncio.ensure_future(ws.close(1000))
            await asyncio.sleep(0)
            wire: Any = ws.session.wire
            wire.tick(100)
            await closing
            return ws.closed.code

    assert run(main()) == 1000


def test_a_url_that_is_none_and_headers_that_may_not_be_sent_are_refused():
    for url in ("http://a.example/", "wss://a.example/#x", "a.example", "ws://u:p@a.example/", ""):
        with pytest.raises(ValueError, match="URL"):
            connect(url)
    for headers in ({"x": "a\r\nb: c"}, {"Host": "a"}, {"Sec-WebSocket-Key": "k"}, {"a b": "c"}):
        with pytest.raises(ValueError, match=r"header|itself"):
            connect("ws://a.example/", headers=headers)


def test_in_a_handler_a_failure_is_502_and_one_of_time_504():
    app = App()

    @app.get("/ask")
    async def ask(url: str) -> str:
        async with connect(url, open_timeout=0.05) as ws:
            return str(await ws.receive())

    async def main() -> list[int]:
        async with bare(b"") as (silent, _):
            found = await asyncio.to_thread(status, silent)
        return [found, await asyncio.to_thread(status, silent)]

    def status(url: str) -> int:
        return int(client.get("/ask", params={"url": url}).status_code)

    with Client(app) as client:
        assert run(main()) == [504, 502]


def test_a_loop_over_connect_ends_with_a_socket_that_is_closed():
    async def do(url: str) -> list[Any]:
        found = []
        async for ws in connect(f"{url}/echo"):
            found.append(ws)
            await ws.close()
        return found

    assert len(with_ours(do)) == 1


def test_a_failed_handshake_has_the_answer():
    async def do(url: str) -> Any:
        with pytest.raises(HandshakeFailed) as told:
            await connect(f"{url}/nowhere")
        return told.value

    failure = with_ours(do)

    assert failure.status == 404
    assert b"Not Found" in failure.body
    assert ("content-type", "application/problem+json") in failure.headers
