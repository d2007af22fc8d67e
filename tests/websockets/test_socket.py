import asyncio

import pytest
from msgspec import Struct

from gambrel import App, Unprocessable, WebSocket, WebSocketClosed
from gambrel.testing import Client
from gambrel.websockets import WebSockets, broadcast
from tests.websockets.peers import closing, run, served, until


class Number(Struct):
    n: int


def test_messages_go_both_ways_as_they_came():
    app = App()

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    async def main():
        async with served(app) as peers, peers.connect("/echo") as client:
            received = []
            for message in ("hi", "é" * 70_000, b"\x00\xff", b"x" * 70_000, ""):
                await client.send(message)
                received.append(await client.recv() == message)
            await client.send(["in ", "parts"])
            return received, await client.recv()

    assert run(main()) == ([True] * 5, "in parts")


def test_typed_messages_are_decoded_and_encoded():
    app = App()

    @app.websocket("/next")
    async def following(ws: WebSocket[Number]) -> None:
        async for message in ws:
            await ws.send(Number(message.n + 1))

    async def main():
        async with served(app) as peers, peers.connect("/next") as client:
            await client.send('{"n": 41}')
            return await client.recv()

    assert run(main()) == '{"n":42}'


def test_a_message_of_another_type_closes_with_its_fault():
    app = App()

    @app.websocket("/next")
    async def following(ws: WebSocket[Number]) -> None:
        async for _ in ws:
            pass

    async def main():
        async with served(app) as peers, peers.connect("/next") as client:
            await client.send('{"n": "x"}')
            return await closing(client)

    assert run(main()) == (1007, "n: must be a whole number")


def test_a_handler_may_answer_a_faulty_message_and_go_on():
    app = App()

    @app.websocket("/next")
    async def following(ws: WebSocket[Number]) -> None:
        try:
            await ws.receive()
        except Unprocessable as error:
            await ws.send(error.faults[0].path)
        await ws.send(await ws.receive())

    async def main():
        async with served(app) as peers, peers.connect("/next") as client:
            await client.send('{"n": "x"}')
            await client.send('{"n": 1}')
            return [await client.recv(), await client.recv()]

    assert run(main()) == ["n", '{"n":1}']


def test_the_handshake_can_be_read_and_answered_with_a_sub_protocol_and_headers():
    app = App()

    @app.websocket("/rooms/{room}")
    async def enter(ws: WebSocket, room: str, limit: int = 1) -> None:
        ws.state.room = room
        await ws.accept("v2" if "v2" in ws.subprotocols else None, {"x-room": room})
        told = [ws.state.room, limit, ws.query["limit"], ws.cookies["who"], ws.headers["x-a"]]
        await ws.send([*told, ws.subprotocol, repr(ws)])

    async def main():
        headers = {"cookie": "who=me", "x-a": "1"}
        async with (
            served(app) as peers,
            peers.connect(
                "/rooms/red?limit=3", subprotocols=["v1", "v2"], additional_headers=headers
            ) as client,
        ):
            assert client.response is not None
            return await client.recv(), client.subprotocol, client.response.headers["x-room"]

    told = '["red",3,"3","me","1","v2","<WebSocket /rooms/red open>"]'
    assert run(main()) == (told, "v2", "red")


def test_a_sub_protocol_that_was_not_offered_and_a_second_opening_are_mistakes():
    app, found = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        for attempt in (ws.accept("v3"), ws.accept(), ws.accept()):
            try:
                await attempt
            except (ValueError, RuntimeError) as error:
                found.append(str(error))

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            return await closing(client)

    assert run(main()) == (1000, "")
    assert found == [
        "'v3' is none of the sub-protocols the client offers",
        "the WebSocket is open already; accept it before its first use",
    ]


def test_closing_tells_the_client_why_and_the_handler_what_became_of_it():
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        await ws.close(4001, "enough")
        told.append((ws.closed.code, ws.closed.reason, repr(ws)))
        with pytest.raises(WebSocketClosed):
            await ws.send("late")

    async def main():
        async with served(app) as peers, peers.connect("/ws") as client:
            found = await closing(client)
            await until(lambda: told)
            return found

    assert run(main()) == (4001, "enough")
    assert told == [(4001, "enough", "<WebSocket /ws closed>")]


@pytest.mark.parametrize("abrupt", [False, True])
def test_the_loop_of_a_handler_ends_when_its_client_goes(abrupt):
    app, told = App(), []

    @app.websocket("/ws")
    async def enter(ws: WebSocket) -> None:
        told.append(await ws.receive())
        async for _ in ws:
            pass
        told.append((ws.closed.code, ws.closed.reason))

    async def main():
        async with served(app) as peers:
            client = await peers.connect("/ws")
            await client.send("x")
            await until(lambda: told)
            if abrupt:
                client.transport.abort()
            else:
                await client.close(4321, "bye")
            await until(lambda: len(told) == 2)

    run(main())
    assert told == ["x", (1006, "") if abrupt else (4321, "bye")]


def test_a_broadcast_reaches_all_that_are_open():
    app = App(extensions=[])
    room: set[WebSocket] = set()

    @app.websocket("/room")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()
        room.add(ws)
        try:
            async for message in ws:
                await ws.send(broadcast(room, {"said": message}))
        finally:
            room.discard(ws)

    async def main():
        async with served(app) as peers:
            clients = [await peers.connect("/room") for _ in range(3)]
            await clients[0].close()
            await until(lambda: len(room) == 2)
            await clients[1].send("hi")
            return [await clients[1].recv(), await clients[2].recv(), await clients[1].recv()]

    assert run(main()) == ['{"said":"hi"}', '{"said":"hi"}', "2"]


@pytest.mark.parametrize("slow", ["close", "skip"])
def test_a_broadcast_waits_for_nobody(slow):
    app = App(extensions=[WebSockets(send_limit=1 << 20, close_timeout=0.1)])
    room: list[WebSocket] = []
    taken: list[int] = []

    @app.websocket("/room")
    async def enter(ws: WebSocket) -> None:
        await ws.accept()
        room.append(ws)
        async for _ in ws:
            pass

    async def main():
        async with served(app) as peers:
            client = await peers.connect("/room", max_queue=1)
            client.transport.pause_reading()
            await until(lambda: room)
            for _ in range(1000):
                taken.append(broadcast(room, b"x" * 100_000, slow=slow))
                if taken[-1] == 0:
                    break
                await asyncio.sleep(0)
            is_going = room[0].session.closing is not None
            client.transport.abort()
            return is_going

    assert run(main()) is (slow == "close")
    assert taken[-1] == 0


def test_a_socket_where_there_is_none_is_told():
    app = App()

    @app.get("/page")
    async def page(ws: WebSocket) -> str:
        return "never"

    with Client(app, raise_server_errors=False) as client:
        assert client.get("/page").status_code == 500


class Source:
    """Items that come, then silence; tells when it was closed."""

    def __init__(self, *items) -> None:
        self.items = items
        self.is_closed = False

    async def read(self):
        try:
            for item in self.items:
                yield item
            await asyncio.Event().wait()
        finally:
            self.is_closed = True


def pushing(source: Source) -> App:
    app = App()

    @app.websocket("/push")
    async def push(ws: WebSocket) -> None:
        await ws.send_each(source.read())

    return app


def test_each_item_of_a_source_is_sent_until_the_client_goes():
    source = Source("a", {"b": 1}, b"c")

    async def main():
        async with served(pushing(source)) as peers:
            async with peers.connect("/push") as client:
                received = [await client.recv() for _ in range(3)]
            await until(lambda: source.is_closed)
            return received

    assert run(main()) == ["a", '{"b":1}', b"c"]


def test_a_pushing_socket_does_not_hold_up_a_stopping_server():
    source = Source("a")

    async def main():
        async with served(pushing(source)) as peers, peers.connect("/push") as client:
            await client.recv()
            peers.live.server.stop()
            code, _ = await closing(client)
            await until(lambda: source.is_closed)
            return code

    assert run(main()) == 1012


def test_a_pushing_handler_ends_with_the_client_of_a_test():
    source = Source("a")

    with Client(pushing(source)) as client:
        with client.websocket("/push") as ws:
            assert ws.receive() == "a"

        assert source.is_closed


def test_a_source_that_ends_or_fails_leaves_the_socket_open():
    app = App()

    async def failing():
        yield 1
        raise WebSocketClosed(4001, "of another socket")

    async def short():
        yield 2

    @app.websocket("/push")
    async def push(ws: WebSocket) -> None:
        with pytest.raises(WebSocketClosed, match="of another socket"):
            await ws.send_each(failing())
        await ws.send_each(short())
        await ws.send("still here")

    with Client(app) as client, client.websocket("/push") as ws:
        assert [ws.receive() for _ in range(3)] == ["1", "2", "still here"]


def test_a_handler_pushes_and_receives_at_once():
    source, app = Source("a"), App()

    @app.websocket("/both")
    async def both(ws: WebSocket) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(ws.send_each(source.read()))
            async for message in ws:
                await ws.send(message)

    with Client(app) as client, client.websocket("/both") as ws:
        assert ws.receive() == "a"
        ws.send("b")
        assert ws.receive() == "b"

    assert source.is_closed
