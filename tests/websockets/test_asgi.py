"""The messages of ASGI, by hand; that real servers carry them is for the conformance suite."""

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest

from gambrel import App, Forbidden, Response, WebSocket
from gambrel.extend import OBSERVERS
from gambrel.websockets import WebSockets
from gambrel.websockets.asgi import ASGIWire
from gambrel.websockets.limits import Limits
from tests.core.edges.server import PATIENCE, scope_of
from tests.server.live import until
from tests.server.sockets.frames import echo_app


class Visitor:
    """An ASGI server with one WebSocket: what is put comes in, what the app sends is kept."""

    def __init__(self, path: str, **given: Any) -> None:
        offered = {"extensions": {"websocket.http.response": {}}, "scheme": "ws"}
        scope = scope_of(path, **{**offered, **given})
        del scope["method"]
        self.scope = {**scope, "type": "websocket", "subprotocols": []}
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.on_send: Any = None
        self.leaves_after = 0
        self.incoming.put_nowait({"type": "websocket.connect"})

    def put(self, **message: Any) -> None:
        kind = "receive" if {"text", "bytes"} & set(message) else "disconnect"
        self.incoming.put_nowait({"type": f"websocket.{kind}", **message})

    async def send(self, message: dict[str, Any]) -> None:
        if self.on_send is not None:
            await self.on_send(message)
        self.sent.append(message)
        if len(self.sent) == self.leaves_after:
            self.put(code=1001)
        elif message["type"] == "websocket.close":
            self.put(code=message["code"])

    async def run(self, app: App) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE), app.running():
            await app(self.scope, self.incoming.get, self.send)
        return self.sent


def visit(
    app: App, path: str, *messages: dict[str, Any], leaves_after: int = 0, **given: Any
) -> list[dict[str, Any]]:
    async def main() -> list[dict[str, Any]]:
        visitor = Visitor(path, **given)
        visitor.leaves_after = leaves_after
        for message in messages:
            visitor.put(**message)
        return await visitor.run(app)

    return asyncio.run(main())


def test_messages_go_both_ways():
    app = echo_app()

    sent = visit(app, "/echo", {"text": "a"}, {"bytes": b"b", "text": None}, leaves_after=3)

    assert sent[0]["type"] == "websocket.accept"
    assert sent[1:] == [
        {"type": "websocket.send", "text": "a"},
        {"type": "websocket.send", "bytes": b"b"},
    ]


def test_fields_of_the_answer_reach_the_server_and_framing_is_its_own():
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.accept("b", {"x-a": "1", "connection": "close"})

    sent = visit(app, "/ws", headers=[(b"sec-websocket-protocol", b"a, b")])

    names = dict(sent[0]["headers"])
    assert sent[0]["subprotocol"] == "b"
    assert names[b"x-a"] == b"1"
    assert names.keys().isdisjoint({b"connection", b"sec-websocket-protocol"})
    assert sent[1] == {"type": "websocket.close", "code": 1000, "reason": ""}


def test_a_refused_handshake_is_answered_with_its_response():
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        raise Forbidden("not you")

    sent = visit(app, "/ws")

    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] == 403
    assert b"not you" in sent[1]["body"]


@pytest.mark.parametrize("path", ["/ws", "/none"])
def test_a_server_that_cannot_send_a_response_closes(path):
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        raise Forbidden("not you")

    sent = visit(app, path, extensions={})

    assert sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


def test_what_is_no_request_is_refused_before_the_app():
    sent = visit(echo_app(), "/echo", headers=[(b"host", b"evil.example")])

    assert sent[0]["status"] == 400


def test_a_page_of_another_site_is_refused():
    sent = visit(echo_app(), "/echo", headers=[(b"origin", b"https://evil.example")])

    assert sent[0]["status"] == 403


def test_a_page_of_ours_over_tls_is_welcome():
    origin = [(b"origin", b"https://localhost")]

    sent = visit(echo_app(), "/echo", {"code": 1000}, headers=origin, scheme="wss")

    assert sent[0]["type"] == "websocket.accept"


def test_a_message_that_is_too_large_closes():
    sent = visit(echo_app(max_message=3), "/echo", {"text": "1234"}, {"code": 1006})

    assert sent[1]["code"] == 1009


def test_a_server_that_says_by_an_error_that_the_client_left_ends_the_socket():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.send("x")
        async for _ in ws:
            pass
        told.append(ws.closed.code)

    async def main() -> None:
        visitor = Visitor("/ws")

        async def fail(message: dict[str, Any]) -> None:
            if message["type"] == "websocket.send":
                raise OSError("gone")

        visitor.on_send = fail
        await visitor.run(app)

    asyncio.run(main())
    assert told == [1006]


def test_a_handler_waits_for_a_slow_client():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        for number in range(4):
            await ws.send(b"x" * 50_000)
            told.append(number)

    async def main() -> tuple[int, int]:
        visitor, go = Visitor("/ws"), asyncio.Event()

        async def wait(message: dict[str, Any]) -> None:
            if message["type"] == "websocket.send":
                await go.wait()

        visitor.on_send = wait
        running = asyncio.ensure_future(visitor.run(app))
        async with asyncio.timeout(PATIENCE):
            await until(lambda: told)
            for _ in range(20):
                await asyncio.sleep(0)
        before = len(told)
        go.set()
        await running
        return before, len(told)

    before, after = asyncio.run(main())
    assert (before < 4, after) == (True, 4)


def test_a_client_ahead_of_its_handler_is_not_asked_for_more():
    app = App(extensions=[WebSockets(queue=2)])
    go = asyncio.Event()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()
        await go.wait()
        received = [await ws.receive() for _ in range(6)]
        await ws.send(received)

    async def main() -> tuple[int, list[dict[str, Any]]]:
        visitor = Visitor("/ws")
        for number in range(6):
            visitor.put(text=str(number))
        running = asyncio.ensure_future(visitor.run(app))
        async with asyncio.timeout(PATIENCE):
            await until(lambda: visitor.sent)
            for _ in range(50):
                await asyncio.sleep(0)
        left = visitor.incoming.qsize()
        go.set()
        return left, await running

    left, sent = asyncio.run(main())
    assert left >= 3
    assert sent[1]["text"] == '["0","1","2","3","4","5"]'


def test_a_server_that_fails_is_logged_and_ends_the_socket(caplog):
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.send("x")
        async for _ in ws:
            pass
        told.append(ws.closed.code)

    async def main() -> set[asyncio.Task[Any]]:
        visitor = Visitor("/ws")

        async def fail(message: dict[str, Any]) -> None:
            if message["type"] == "websocket.send":
                raise ValueError("the server is broken")

        visitor.on_send = fail
        async with asyncio.timeout(PATIENCE), app.running():
            before = asyncio.all_tasks()
            await app(visitor.scope, visitor.incoming.get, visitor.send)
            return asyncio.all_tasks() - before

    assert asyncio.run(main()) == set()
    assert told == [1006]
    assert "the server is broken" in caplog.text


def test_a_client_that_cannot_be_accepted_any_more_ends_the_socket():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        try:
            await ws.accept()
        finally:
            told.append(ws.closed.code)

    async def main() -> list[dict[str, Any]]:
        visitor = Visitor("/ws")

        async def fail(message: dict[str, Any]) -> None:
            raise OSError("gone")

        visitor.on_send = fail
        return await visitor.run(app)

    assert asyncio.run(main()) == []
    assert told == [1006]


def test_a_server_that_stops_cancels_the_handler_of_its_socket():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    async def main() -> list[str]:
        visitor = Visitor("/ws")
        async with asyncio.timeout(PATIENCE), app.running():
            serving = asyncio.ensure_future(app(visitor.scope, visitor.incoming.get, visitor.send))
            await until(lambda: visitor.sent)
            serving.cancel()
            await asyncio.wait([serving])
            return list(told)

    assert asyncio.run(main()) == ["ended"]


def deaf_app(**limits: Any) -> tuple[App, list[int]]:
    """Return an app with a handler that does not receive, and the codes it was closed with."""
    app, told = App(extensions=[WebSockets(queue=2, close_timeout=0.001, **limits)]), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()
        try:
            await asyncio.Event().wait()
        finally:
            assert ws.closed is not None
            told.append(ws.closed.code)

    return app, told


def test_a_handler_that_does_not_receive_hears_that_its_client_has_gone(monkeypatch):
    monkeypatch.setattr("gambrel.websockets.asgi._PEEK", 0.001)
    app, told = deaf_app()

    visit(app, "/ws", {"text": "1"}, {"text": "2"}, {"text": "3"}, {"code": 1001})

    assert told == [1001]


def test_what_is_taken_from_a_handler_that_does_not_receive_is_bounded(monkeypatch):
    monkeypatch.setattr("gambrel.websockets.asgi._PEEK", 0.001)
    app, _ = deaf_app()

    async def main() -> int:
        visitor = Visitor("/ws")
        for _ in range(20):
            visitor.put(text="x")
        running = asyncio.ensure_future(visitor.run(app))
        await until(lambda: visitor.incoming.qsize() <= 16)
        await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running])
        return visitor.incoming.qsize()

    assert asyncio.run(main()) == 16  # twice the queue was taken


def test_a_client_whose_messages_nobody_receives_is_given_up(monkeypatch):
    monkeypatch.setattr("gambrel.websockets.asgi._PEEK", 0.001)
    app, told = deaf_app(ping_interval=0.01, ping_timeout=0.01)

    async def main() -> Visitor:
        visitor = Visitor("/ws")
        for _ in range(20):
            visitor.put(text="x")
        await visitor.run(app)
        return visitor

    visitor = asyncio.run(main())
    closing = {"type": "websocket.close", "code": 1011, "reason": "nobody receives"}
    assert visitor.sent[1:] == [closing]
    assert visitor.incoming.empty()  # what is left holds some servers up
    assert told == [1011]


def test_a_handler_that_receives_slowly_is_not_given_up():
    class Waiting:
        """Room that there is not; meanwhile the handler takes a message."""

        def is_set(self) -> bool:
            return not session.incoming

        async def wait(self) -> None:
            session.incoming.popleft()
            raise TimeoutError

    async def main() -> bool:
        wire = ASGIWire(session, None)
        wire._room = Waiting()
        await wire.room()
        return wire.is_closing

    limits = Limits(ping_interval=0.5, ping_timeout=0.5)
    session = SimpleNamespace(limits=limits, incoming=deque(range(100)), held=100)
    assert asyncio.run(main()) is False


@pytest.mark.parametrize("text", ["x" * 11, "\u20ac" * 4, "\ud800" * 4])
def test_the_size_of_a_message_is_that_of_its_bytes(text):
    sent = visit(echo_app(max_message=10), "/echo", {"text": text}, leaves_after=2)

    assert sent[1]["code"] == 1009


def test_handshakes_are_told_to_observers():
    app, told = App(), []
    app.setup.add(OBSERVERS, lambda request, status, _: told.append((request.method, status)))

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()

    visit(app, "/ws")
    visit(app, "/none")

    assert told == [("WEBSOCKET", 101), ("WEBSOCKET", 404)]


def test_a_client_that_leaves_before_it_is_accepted_cancels_its_handler():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("cancelled")

    assert visit(app, "/ws", {"code": 1006}) == []
    assert told == ["cancelled"]


def test_what_comes_before_the_answer_is_kept_for_the_socket():
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        async for message in ws:
            await ws.send(message)

    sent = visit(app, "/ws", {"text": "a"}, {"text": "b"}, leaves_after=3)

    assert [message.get("text") for message in sent] == [None, "a", "b"]


def test_who_waits_for_the_client_to_leave_takes_none_of_its_messages():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()
        leaving = asyncio.ensure_future(ws.request.gone())
        async for message in ws:
            told.append(message)
            await ws.send(message)
        await leaving
        told.append("gone")

    visit(app, "/ws", {"text": "a"}, {"text": "b"}, leaves_after=3)

    assert told == ["a", "b", "gone"]


def test_a_stream_answers_a_handshake():
    app = App()

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> Response:
        return Response((piece for piece in (b"a", b"b")), 429, {"content-length": "2"})

    sent = visit(app, "/ws")

    assert sent[0]["status"] == 429
    assert b"".join(message["body"] for message in sent[1:]) == b"ab"
    assert dict(sent[0]["headers"]).keys().isdisjoint({b"content-length", b"connection"})


@pytest.mark.parametrize("is_explicit", [True, False])
def test_what_a_client_has_sent_before_it_left_at_once_is_received(is_explicit):
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        if is_explicit:
            await ws.accept()
        told.extend([message async for message in ws])

    visit(app, "/ws", {"text": "a"}, {"text": "b"}, {"code": 1000})

    assert told == ["a", "b"]
