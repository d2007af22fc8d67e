import asyncio

import httpx2
import pytest
from msgspec import Struct

from gambrel import App, Forbidden, GambrelError, Request, Response, WebSocket, WebSocketClosed
from gambrel.testing import AsyncClient, Client, WebSocketRefused


class Note(Struct):
    text: str


def make_app() -> App:
    app = App()

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    @app.websocket("/told")
    async def told(ws: WebSocket, q: str = "") -> None:
        await ws.accept("b", {"x-room": "red"})
        await ws.send([q, ws.cookies.get("who"), ws.headers["x-a"], ws.request.scheme])
        await ws.close(4000, "enough")

    @app.websocket("/no")
    async def no(ws: WebSocket) -> None:
        raise Forbidden("not you")

    @app.websocket("/broken")
    async def broken(ws: WebSocket) -> None:
        await ws.receive()
        raise ValueError("no such note")

    @app.websocket("/silent")
    async def silent(ws: WebSocket) -> None:
        await ws.receive()

    @app.get("/page")
    async def page(request: Request) -> Response:
        response = Response("page")
        response.set_cookie("who", "me")
        return response

    return app


def test_messages_go_both_ways_and_are_typed_where_asked():
    with Client(make_app()) as client, client.websocket("/echo") as ws:
        ws.send("text")
        ws.send(b"bytes")
        ws.send(Note("hi"))
        received = [ws.receive(), ws.receive(), ws.receive(Note)]

    assert received == ["text", b"bytes", Note("hi")]
    assert ws.closed is not None
    assert ws.closed.code == 1000


def test_a_socket_has_the_cookies_and_options_of_its_client():
    with Client(make_app(), headers={"x-a": "1"}) as client:
        client.get("/page")
        with client.websocket("/told", params={"q": "?"}, subprotocols=["a", "b"]) as ws:
            assert ws.receive(list) == ["?", "me", "1", "http"]
            assert (ws.subprotocol, ws.headers["x-room"]) == ("b", "red")
            with pytest.raises(WebSocketClosed) as found:
                ws.receive()
            with pytest.raises(WebSocketClosed):
                ws.send("late")

    assert (found.value.code, found.value.reason) == (4000, "enough")


def refused(client):
    return client.websocket("/no")


def test_a_refused_handshake_raises_with_the_response():
    with Client(make_app()) as client:
        with pytest.raises(WebSocketRefused, match="403 Forbidden") as found, refused(client):
            pass
        assert client.get("/page").text == "page"

    assert found.value.response.json()["detail"] == "not you"


def test_an_unexpected_error_closes_the_socket():
    with Client(make_app()) as client, client.websocket("/broken") as ws:
        ws.send("x")
        with pytest.raises(WebSocketClosed) as found:
            ws.receive()

    assert found.value.code == 1011


def test_a_socket_waits_as_long_as_its_client_does():
    with (
        Client(make_app(), timeout=0.01) as client,
        client.websocket("/silent") as ws,
        pytest.raises(httpx2.ReadTimeout, match=r"no message came for 0.01 s"),
    ):
        ws.receive()


def test_a_socket_of_an_async_client_waits_as_long_as_it_does():
    async def wait() -> None:
        async with (
            AsyncClient(make_app(), timeout=0.01) as client,
            client.websocket("/silent") as ws,
        ):
            with pytest.raises(httpx2.ReadTimeout, match=r"no message came for 0.01 s"):
                await ws.receive()

    asyncio.run(wait())


def test_waiting_has_an_end():
    with (
        Client(make_app()) as client,
        client.websocket("/silent", timeout=0.01) as ws,
        pytest.raises(httpx2.ReadTimeout, match=r"/silent: no message came for 0.01 s"),
    ):
        ws.receive()


def test_a_socket_needs_an_open_client():
    client = Client(make_app())

    with pytest.raises(GambrelError, match=r"\[testing.not-open\]"), client.websocket("/echo"):
        pass


def test_it_is_the_same_in_async_tests():
    async def main() -> list[object]:
        async with AsyncClient(make_app()) as client, client.websocket("/echo") as ws:
            await ws.send({"text": "hi"})
            return [await ws.receive(Note)]

    assert asyncio.run(main()) == [Note("hi")]
