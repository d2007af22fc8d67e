"""WebSockets of mounted apps, through ASGI and on our own server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gambrel import App, WebSocket, WebSocketClosed
from gambrel.mounts import Mounts
from gambrel.testing import Client, WebSocketRefused
from gambrel.websockets import WebSockets
from tests.server.live import PATIENCE
from tests.websockets.peers import closing, refused, run, served, until

Talk = Callable[[Any, Any, Any], Any]


def mounting(talk: Talk, **options: Any) -> App:
    """Return an app that has a mounted one, which does as it is told."""

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await talk(scope, receive, send)

    app = App(extensions=[WebSockets(**options)])
    app.mount("/in", inner)
    return app


async def echo(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


async def tell_scope(scope: Any, receive: Any, send: Any) -> None:
    told = {"x-room": scope["path"], "set-cookie": "a=1"}
    headers = [(name.encode(), value.encode()) for name, value in told.items()]
    headers.append((b"set-cookie", b"b=2"))
    await send(
        {"type": "websocket.accept", "subprotocol": scope["subprotocols"][1], "headers": headers}
    )
    names = ("type", "scheme", "path", "root_path", "query_string", "subprotocols")
    found = {name: scope[name] for name in names} | {"method": "method" in scope}
    await send({"type": "websocket.send", "text": json.dumps(found, default=bytes.decode)})
    await send({"type": "websocket.close", "code": 4001, "reason": "enough"})


def test_messages_go_both_ways_through_asgi():
    with Client(mounting(echo)) as client, client.websocket("/in/x") as socket:
        socket.send("text")
        socket.send(b"bytes")

        assert [socket.receive(), socket.receive()] == ["text", b"bytes"]


def test_messages_go_both_ways_on_our_server():
    async def main() -> tuple[list[str | bytes], tuple[int | None, str | None]]:
        async with served(mounting(echo)) as peers, peers.connect("/in/x") as client:
            await client.send("text")
            await client.send(b"bytes")
            found = [await client.recv(), await client.recv()]
            await client.close(4000)
            return found, (client.close_code, client.close_reason)

    assert run(main()) == (["text", b"bytes"], (4000, ""))


def test_the_app_is_told_of_the_handshake_and_answers_it():
    async def main() -> tuple[Any, ...]:
        async with (
            served(mounting(tell_scope)) as peers,
            peers.connect("/in/a?b=c", subprotocols=["v1", "v2"]) as client,
        ):
            answer = client.response.headers
            told = json.loads(await client.recv())
            end = await closing(client)
            return told, client.subprotocol, answer["x-room"], answer.get_all("set-cookie"), end

    told, *answer = run(main())
    assert told == {
        "type": "websocket",
        "scheme": "ws",
        "path": "/in/a",
        "root_path": "/in",
        "query_string": "b=c",
        "subprotocols": ["v1", "v2"],
        "method": False,
    }
    assert answer == ["v2", "/in/a", ["a=1", "b=2"], (4001, "enough")]


async def no(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.close", "code": 1008})
    assert (await receive())["type"] == "websocket.connect"
    assert (await receive())["type"] == "websocket.disconnect"


async def not_today(scope: Any, receive: Any, send: Any) -> None:
    start = {"type": "websocket.http.response.start", "status": 429, "headers": [(b"x-a", b"1")]}
    await send(start)
    body = {"type": "websocket.http.response.body"}
    await send({**body, "body": b"not ", "more_body": True})
    await send({**body, "body": b"today"})


@pytest.mark.parametrize(("talk", "expected"), [(no, (403, b"")), (not_today, (429, b"not today"))])
def test_the_app_refuses(talk, expected):
    async def main() -> tuple[int, bytes]:
        async with served(mounting(talk)) as peers:
            return await refused(peers, "/in/x")

    status, body = run(main())
    assert status == expected[0]
    assert expected[1] in body


def broken(scope: Any, receive: Any, send: Any) -> Any:
    raise RuntimeError("the mounted app is broken")


async def silent(scope: Any, receive: Any, send: Any) -> None:
    pass


async def early(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.send", "text": "x"})


@pytest.mark.parametrize("talk", [broken, silent, early])
def test_an_app_that_fails_before_its_answer_is_a_500(talk, caplog):
    with (
        Client(mounting(talk)) as client,
        pytest.raises(WebSocketRefused) as found,
        client.websocket("/in/x"),
    ):
        pass

    assert found.value.response.status_code == 500
    assert "mounted app" in caplog.text


async def fail_late(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    raise RuntimeError("the mounted app is broken")


async def accept_twice(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.accept"})


@pytest.mark.parametrize("talk", [fail_late, accept_twice])
def test_an_app_that_fails_later_closes_with_1011(talk, caplog):
    with (
        Client(mounting(talk)) as client,
        client.websocket("/in/x") as socket,
        pytest.raises(WebSocketClosed) as found,
    ):
        socket.receive()

    assert found.value.code == 1011
    assert "mounted app" in caplog.text


class Disconnect(Exception):
    """As frameworks have it."""

    def __init__(self, code: int) -> None:
        self.code = code


async def raise_the_end(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})
    await receive()
    raise Disconnect((await receive())["code"])


async def send_after_the_end(scope: Any, receive: Any, send: Any) -> None:
    await echo(scope, receive, send)
    await send({"type": "websocket.send", "text": "x"})


@pytest.mark.parametrize("talk", [raise_the_end, send_after_the_end])
def test_an_app_that_passes_the_end_on_is_no_failure(talk, caplog):
    with Client(mounting(talk)) as client, client.websocket("/in/x") as socket:
        socket.close(4000)

    assert caplog.text == ""


@asynccontextmanager
async def waiting(told: list[str]) -> AsyncIterator[Any]:
    """Serve an app that receives before it has accepted, as some frameworks do."""

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
            told.append("waits")
            await receive()
        finally:
            told.append("cancelled")

    async with served(mounting(wait)) as peers:
        yield peers


def test_a_client_that_leaves_before_the_answer_cancels_the_app():
    told: list[str] = []

    async def main() -> None:
        async with asyncio.timeout(PATIENCE), waiting(told) as peers:
            opening = asyncio.ensure_future(peers.connect("/in/x").__aenter__())
            await until(lambda: told == ["waits"])
            opening.cancel()
            await asyncio.wait([opening])
            await until(lambda: len(told) == 2)

    run(main())
    assert told == ["waits", "cancelled"]


def test_limits_and_origins_are_those_of_the_app():
    async def main() -> tuple[Any, ...]:
        async with served(mounting(echo, max_message=3)) as peers:
            async with peers.connect("/in/x") as client:
                await client.send("1234")
                end = await closing(client)
            return end[0], (await refused(peers, "/in/x", origin="https://evil.example"))[0]

    assert run(main()) == (1009, 403)


def test_a_socket_of_our_own_goes_before_a_mounted_app():
    app = mounting(broken)

    @app.websocket("/in/ours")
    async def ours(ws: WebSocket) -> None:
        await ws.send("ours")

    with Client(app) as client, client.websocket("/in/ours") as socket:
        assert socket.receive() == "ours"


def test_an_app_within_an_app_within_an_app():
    inner, outer = App(), App()

    @inner.websocket("/echo")
    async def own(ws: WebSocket) -> None:
        await ws.send(ws.request.url_for("own"))

    middle = App()
    middle.mount("/b", inner)
    outer.mount("/a", middle)

    with Client(outer) as client, client.websocket("/a/b/echo") as socket:
        assert socket.receive() == "/a/b/echo"


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    raise AssertionError


def refusal_of(app: App) -> int:
    """Return the status that a handshake is refused with."""
    with (
        Client(app) as client,
        pytest.raises(WebSocketRefused) as found,
        client.websocket("/in/x"),
    ):
        pass
    return found.value.response.status_code


def test_wsgi_has_no_sockets():
    app = App()
    app.mount("/in", wsgi)

    assert refusal_of(app) == 404


def test_an_app_that_opens_no_sockets_has_none_of_mounted_apps():
    async def never(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"

    app = App(defaults=(), extensions=[Mounts()])
    app.mount("/in", never)

    assert refusal_of(app) == 404


def test_starlette_within():
    applications = pytest.importorskip("starlette.applications")
    routing = pytest.importorskip("starlette.routing")
    told: list[str] = []

    async def talk(socket: Any) -> None:
        await socket.accept()
        told.append(str(socket.url_for("talk", name="x")))
        while True:
            await socket.send_json({"said": await socket.receive_text()})

    starlette = applications.Starlette(routes=[routing.WebSocketRoute("/talk/{name}", talk)])
    app = App()
    app.mount("/in", starlette)

    async def main() -> Any:
        async with served(app) as peers:
            async with peers.connect("/in/talk/x") as client:
                await client.send("hello")
                said = json.loads(await client.recv())
            status, _ = await refused(peers, "/in/none")
            return said, status

    assert run(main()) == ({"said": "hello"}, 403)
    assert told[0].endswith("/in/talk/x")
