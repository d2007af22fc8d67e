import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
import pytest

from gambrel import App, Depends, Forbidden, GambrelError, Response, Router, WebSocket
from gambrel.testing import make_request
from gambrel.websockets import WebSockets
from gambrel.websockets.limits import Limits
from gambrel.websockets.opening import Opening
from gambrel.websockets.session import Session
from tests.websockets.peers import closing, refused, run, served, until


def test_an_error_before_the_opening_answers_the_handshake():
    app = App()

    def nobody() -> str:
        raise Forbidden("not you")

    @app.websocket("/ws")
    async def enter(ws: WebSocket, user: Annotated[str, Depends(nobody)]) -> None:
        raise AssertionError("never")

    async def main():
        async with served(app) as peers:
            return await refused(peers, "/ws")

    status, body = run(main())
    assert (status, msgspec.json.decode(body)["detail"]) == (403, "not you")


def test_a_response_that_is_returned_answers_the_handshake():
    app = App()

    @app.websocket("/old")
    async def old(ws: WebSocket) -> Response:
        return Response("moved away", 410)

    async def main():
        async with served(app) as peers:
            return await refused(peers, "/old")

    assert run(main()) == (410, b"moved away")


def test_a_handler_that_does_nothing_opens_and_closes():
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        pass

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            return await closing(client)

    assert run(main()) == (1000, "")


def test_an_error_after_the_opening_closes_with_1011_and_is_logged_once(caplog):
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.receive()
        raise RuntimeError("secret")

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            await client.send("x")
            return await closing(client)

    with caplog.at_level(logging.ERROR):
        assert run(main()) == (1011, "Internal Server Error")
    assert [record.exc_info[1].args for record in caplog.records] == [("secret",)]


def test_what_a_handler_depends_on_lives_as_long_as_its_socket():
    app, told = App(), []

    async def resource() -> AsyncIterator[str]:
        told.append("opened")
        yield "it"
        told.append("closed")

    async def after() -> AsyncIterator[str]:
        yield "it"
        told.append("after")

    @app.websocket("/ws")
    async def enter(
        ws: WebSocket,
        it: Annotated[str, Depends(resource)],
        other: Annotated[str, Depends(after, exit="after")],
    ) -> None:
        told.append(await ws.receive())
        async for _ in ws:
            pass

    async def main():
        async with served(app) as peers:
            async with peers.connect("/ws") as client:
                await client.send("x")
                await until(lambda: len(told) == 2)
            await until(lambda: len(told) == 4)

    run(main())
    assert told == ["opened", "x", "closed", "after"]


def test_middleware_stands_around_the_handshake():
    app, told = App(), []

    @app.middleware
    async def around(request, call_next):
        response = await call_next(request)
        told.append((request.method, response.status))
        response.headers["x-seen"] = "yes"
        return response

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.send("hi")

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            return await client.recv(), client.response.headers["x-seen"]

    assert run(main()) == ("hi", "yes")
    assert told == [("WEBSOCKET", 101)]


def test_a_socket_whose_opening_a_middleware_withholds_is_ended():
    app, told = App(extensions=[WebSockets(close_timeout=0.05)]), []

    @app.middleware
    async def withhold(request, call_next):
        await call_next(request)
        return Response(b"no", 503)

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        async for _ in ws:
            pass
        told.append(ws.closed.code)

    async def main():
        async with served(app) as peers:
            found = await refused(peers, "/ws")
            await until(lambda: told)
            return found

    assert run(main()) == (503, b"no")
    assert told == [1006]


def test_a_client_that_leaves_before_the_answer_cancels_the_handler():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        told.append("waits")
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ends")

    async def main():
        async with served(app) as peers:
            async with await peers.live.connect() as client:
                await client.send(
                    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n"
                    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                )
                await until(lambda: told)
            await until(lambda: len(told) == 2)

    run(main())
    assert told == ["waits", "ends"]


def test_an_opening_that_nobody_gets_ends_the_socket_at_once():
    async def main():
        session = Session(Limits())
        opening = Opening(WebSocket(make_request(), session))
        await opening.copy().close()
        return session.closed.code

    assert asyncio.run(main()) == 1006


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 101),
        ("http://127.0.0.1:{port}", 101),
        ("https://app.example.com", 101),
        ("https://evil.example", 403),
        ("http://127.0.0.1.evil.example:{port}", 403),
        ("null", 403),
        ("https://app.example.com.evil.example", 403),
    ],
)
def test_only_pages_of_ours_may_open_a_socket(origin, status):
    app = App(extensions=[WebSockets(origins=("https://app.example.com",))])

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.send("hi")

    async def main():
        async with served(app) as peers:
            given = origin and origin.format(port=peers.live.port)
            if status == 101:
                async with peers.connect("/ws", origin=given) as client:
                    return await client.recv()
            return (await refused(peers, "/ws", origin=given))[0]

    assert run(main()) == ("hi" if status == 101 else status)


def test_max_body_of_a_route_is_its_largest_message():
    app = App()

    @app.websocket("/ws", max_body=10)
    async def enter(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            await client.send("x" * 10)
            received = await client.recv()
            await client.send("x" * 11)
            return received, (await closing(client))[0]

    assert run(main()) == ("x" * 10, 1009)


def test_a_class_has_a_socket_among_its_methods():
    app = App()

    @app.route("/room/{name}")
    class Room:
        def __init__(self, name: str) -> None:
            self.name = name

        async def get(self) -> str:
            return f"page of {self.name}"

        async def websocket(self, ws: WebSocket) -> None:
            await ws.send(self.name)

    async def main():
        async with served(app) as peers, peers.connect("/room/red") as client:
            return await client.recv(), (await peers.live.get("/room/blue")).body

    assert run(main()) == ("red", b"page of blue")


def test_a_socket_of_a_group_has_its_prefix_and_dependencies():
    app, told = App(), []
    group = Router("/api", dependencies=[lambda: told.append("asked")])

    @group.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.send("hi")

    app.include(group)

    async def main():
        async with served(app) as peers, peers.connect("/api/ws") as client:
            return await client.recv()

    assert run(main()) == "hi"
    assert told == ["asked"]


def test_a_path_without_a_socket_is_not_found_and_a_socket_is_no_page():
    app = App()

    @app.get("/page")
    async def page() -> str:
        return "page"

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None: ...

    async def main():
        async with served(app) as peers:
            answers = [(await refused(peers, path))[0] for path in ("/page", "/none")]
            return [*answers, (await peers.live.get("/ws")).status]

    assert run(main()) == [404, 404, 426]


def test_a_handler_that_is_no_coroutine_function_is_refused():
    app = App()

    @app.websocket("/ws")
    def enter(ws: WebSocket) -> None: ...

    with pytest.raises(GambrelError, match=r"\[websockets.handler\] .*enter is no coroutine"):
        app.build()


def test_a_socket_does_not_share_its_function_with_a_method():
    app = App()

    @app.route("/ws", ["GET", "WEBSOCKET"])
    async def enter(ws: WebSocket) -> None: ...

    with pytest.raises(GambrelError, match=r"\[routing.method\] a WebSocket shares its handler"):
        app.build()


def test_a_handler_that_takes_no_socket_is_refused():
    app = App()

    @app.websocket("/ws")
    async def enter() -> None: ...

    with pytest.raises(GambrelError, match=r"enter answers WebSockets and takes none"):
        app.build()
