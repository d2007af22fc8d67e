from typing import Any

import pytest

from gambrel import App, GambrelError, WebSocket
from gambrel.checks import Level
from gambrel.websockets import WebSockets
from tests.websockets.peers import closing, run, served


async def enter(ws: WebSocket) -> None:
    async for message in ws:
        await ws.send(message)


def test_limits_are_settings():
    app = App(extensions=[WebSockets(max_message=5)])
    app.websocket("/ws")(enter)

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            await client.send("123456")
            return await closing(client)

    assert run(main())[0] == 1009
    assert app.settings.websockets.max_message == 5


def test_without_the_extension_a_socket_is_refused_with_the_line_to_type():
    app = App(defaults=())
    app.websocket("/ws")(enter)

    with pytest.raises(GambrelError, match=r"\[app.no-extension\] /ws") as found:
        app.build()

    assert "test_extension.py" in found.value.where
    assert "from gambrel.websockets import WebSockets" in found.value.hint


def test_an_app_that_begins_with_nothing_is_given_sockets():
    app = App(defaults=(), extensions=[WebSockets()])
    app.websocket("/ws")(enter)

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            await client.send("hi")
            return await client.recv()

    assert run(main()) == "hi"


def test_a_malformed_origin_is_refused_at_the_start():
    app = App(extensions=[WebSockets(origins=("example.com",))])
    app.websocket("/ws")(enter)

    with pytest.raises(GambrelError, match=r"'example.com' is not an origin"):
        app.build()


def test_a_socket_is_an_operation_that_takes_messages():
    app = App()
    app.websocket("/ws")(enter)

    (socket,) = (one for one in app.operations() if not one.hidden)
    assert (socket.method, socket.path, socket.body.annotation) == ("WEBSOCKET", "/ws", Any)


def test_a_handler_of_requests_that_asks_for_a_socket_is_told_before_it_is_served():
    app = App()

    @app.get("/feed")
    async def feed(ws: WebSocket[str]) -> str: ...

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None: ...

    [problem] = [one for one in app.problems(start=True) if one.id == "websockets.handler"]

    assert problem.level is Level.ERROR
    assert problem.message == "GET /feed is no WebSocket, and its handler asks for one"
    assert problem.hint == "declare it with `@app.websocket('/feed')`"
    assert "test_extension.py:" in problem.where
