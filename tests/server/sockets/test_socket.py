"""Frames on the wire, byte by byte: what RFC 6455 asks of a server, on both loops."""

import asyncio
import gc
import select
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gambrel import App, WebSocket
from gambrel.server.limits import Limits
from gambrel.websockets import WebSockets
from gambrel.websockets.session import Session as WebSocketSession
from tests.server.live import PATIENCE, run, serving, until
from tests.server.sockets.frames import (
    BINARY,
    CLOSE,
    HANDSHAKE,
    KEY,
    MORE,
    PING,
    PONG,
    TEXT,
    echo_app,
    frame,
    opened,
    read,
    talk,
    wired,
)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"Version: 13", b"Version: 8"), 426),
        ((b"Sec-WebSocket-Version: 13\r\n", b""), 426),
        ((KEY, b"short"), 400),
        ((KEY, KEY[:-2] + b"xx"), 400),
        ((b"Sec-WebSocket-Key: " + KEY + b"\r\n", b""), 400),
        ((b"\r\n\r\n", b"\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"), 400),
        ((b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n"), 400),
    ],
)
def test_a_malformed_handshake_is_refused(change, status):
    async def main():
        async with serving(echo_app()) as live, await live.connect() as client:
            await client.send(HANDSHAKE.replace(*change))
            return await client.answer()

    answer = run(main())
    assert answer.status == status
    assert answer["sec-websocket-version"] == ("13" if status == 426 else None)


@pytest.mark.parametrize("change", [(b"GET", b"POST"), (b"HTTP/1.1", b"HTTP/1.0")])
def test_what_can_be_no_handshake_is_an_ordinary_request(change):
    async def main():
        async with serving(echo_app()) as live, await live.connect() as client:
            await client.send(HANDSHAKE.replace(*change))
            return (await client.answer()).status

    assert run(main()) == 426


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_messages_of_every_length_come_back(size):
    data = b"\x01" * size

    assert talk(frame(BINARY, data), frame(CLOSE), reads=1)[0] == (BINARY, data)


def test_fragments_are_one_message_and_control_frames_may_come_between():
    text = "é€".encode()
    frames = [
        frame(TEXT, text[:1], fin=False),
        frame(PING, b"?"),
        frame(MORE, text[1:3], fin=False),
    ]

    found = talk(*frames, frame(MORE, text[3:]), frame(CLOSE), reads=2)

    assert found == [(PONG, b"?"), (TEXT, text), 1000]


def test_a_message_of_the_smallest_fragments_is_whole():
    text = ("é" * 500).encode()
    frames = [frame(MORE, text[n : n + 1], fin=False) for n in range(1, len(text))]

    found = talk(frame(TEXT, text[:1], fin=False), *frames, frame(MORE), frame(CLOSE), reads=1)

    assert found == [(TEXT, text), 1000]


def test_a_message_of_empty_fragments_is_empty():
    frames = [frame(BINARY, fin=False), frame(MORE, fin=False), frame(MORE), frame(CLOSE)]

    assert talk(*frames, reads=1)[0] == (BINARY, b"")


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame(TEXT, b"\xff")], 1007),
        ([frame(TEXT, b"\xce", fin=False), frame(MORE, b"\xff", fin=False)], 1007),
        ([frame(TEXT, b"\xce", fin=False), frame(MORE)], 1007),
        ([frame(MORE, b"x")], 1002),
        ([frame(TEXT, b"x", fin=False), frame(TEXT, b"y")], 1002),
        ([frame(TEXT, b"x", rsv=4)], 1002),
        ([frame(PING, rsv=1)], 1002),
        ([frame(3)], 1002),
        ([frame(11)], 1002),
        ([frame(PING, b"x" * 126)], 1002),
        ([frame(PING, fin=False)], 1002),
        ([frame(TEXT, b"x", mask=False)], 1002),
        ([frame(CLOSE, b"x")], 1002),
        ([frame(CLOSE, struct.pack("!H", 0))], 1002),
        ([frame(CLOSE, struct.pack("!H", 1005))], 1002),
        ([frame(CLOSE, struct.pack("!H", 1006))], 1002),
        ([frame(CLOSE, struct.pack("!H", 2999))], 1002),
        ([frame(CLOSE, struct.pack("!H", 5000))], 1002),
        ([frame(CLOSE, struct.pack("!H", 1000) + b"\xff")], 1007),
        ([b"\x81\xff" + b"\xff" * 8 + b"mask"], 1002),
    ],
)
def test_what_breaks_the_protocol_closes_with_its_code(frames, code):
    assert talk(*frames) == [code]


@pytest.mark.parametrize("fragmented", [False, True])
def test_a_message_that_is_too_large_is_not_waited_for(fragmented):
    app = echo_app(max_message=1000)
    whole = [frame(BINARY, b"x" * 1001)]
    parts = [frame(BINARY, b"x" * 600, fin=False), frame(MORE, b"x" * 600, fin=False)]

    assert talk(*(parts if fragmented else whole), app=app) == [1009]


@pytest.mark.parametrize(("sent", "code"), [(b"", 1000), (struct.pack("!H", 4000) + b"bye", 4000)])
def test_a_closing_is_confirmed_and_ends_the_connection(sent, code):
    assert talk(frame(CLOSE, sent), frame(TEXT, b"late")) == [code]


def test_a_silent_client_is_asked_and_given_up():
    async def main():
        app = echo_app(ping_interval=0.05, ping_timeout=0.05)
        async with wired(app, limits=Limits(idle_timeout=0.1)) as live:
            client = await opened(live)
            kind = (await read(client))[0]
            return kind, await client.rest()

    assert run(main())[0] == PING


def test_a_client_that_answers_stays():
    async def main():
        app = echo_app(ping_interval=0.05, ping_timeout=0.05)
        async with wired(app, limits=Limits(idle_timeout=0.1)) as live:
            client = await opened(live)
            for _ in range(3):
                kind, data = await read(client)
                assert kind == PING
                await client.send(frame(PONG, data))
            await client.send(frame(TEXT, b"here"))
            while (found := await read(client))[0] == PING:
                pass
            return found

    assert run(main()) == (TEXT, b"here")


def leaving_app(**options) -> App:
    app = App(extensions=[WebSockets(**options)])

    @app.websocket("/echo")
    async def leave(ws: WebSocket) -> None:
        await ws.close(4000)

    return app


def test_a_client_that_does_not_confirm_is_dropped():
    async def main():
        app = leaving_app(close_timeout=0.05)
        async with wired(app, limits=Limits(idle_timeout=0.1)) as live:
            client = await opened(live)
            code = await read(client)
            return code, await client.rest()

    assert run(main()) == ((CLOSE, struct.pack("!H", 4000)), b"")


def test_who_does_not_read_gets_no_pongs_without_end():
    async def main():
        async with wired(echo_app()) as live:
            client = await opened(live)
            client.writer.transport.pause_reading()
            (peer,) = live.state.connections
            pings = frame(PING, b"x" * 125) * 1000
            for _ in range(400):
                client.writer.write(pings)
                if not peer.is_writable:
                    break
                await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)
            unsent = peer.unsent
            client.close()
            await until(lambda: not live.state.connections)
            return unsent

    assert run(main()) < 1 << 20


def test_a_handler_that_is_slow_makes_the_client_wait():
    async def main():
        app, go, taken = App(extensions=[WebSockets(queue=4)]), asyncio.Event(), []

        @app.websocket("/echo")
        async def slow(ws: WebSocket) -> None:
            await ws.accept()
            await go.wait()
            async for message in ws:
                taken.append(message)
                if len(taken) == 1000:
                    return

        async with wired(app) as live:
            client = await opened(live)
            await client.send(frame(TEXT, b"x" * 100) * 1000)
            (peer,) = live.state.connections
            await until(lambda: peer.is_throttled)
            go.set()
            kind, data = await read(client)
            await client.send(frame(CLOSE, data))
            return kind, data, await client.rest(), len(taken)

    assert run(main()) == (CLOSE, struct.pack("!H", 1000), b"", 1000)


def test_a_stopping_server_closes_sockets_and_tells_when_to_come_again():
    async def main():
        async with wired(echo_app()) as live:
            client = await opened(live)
            live.server.stop()
            kind, data = await read(client)
            await client.send(frame(CLOSE, data[:2]))
            await client.rest()
        return kind, data[:2], data[2:15]

    assert run(main()) == (CLOSE, struct.pack("!H", 1012), b"restarting; r")


def test_a_socket_that_opens_while_the_server_stops_is_closed_at_once():
    async def main():
        app, entered, go = App(), asyncio.Event(), asyncio.Event()

        @app.websocket("/echo")
        async def late(ws: WebSocket) -> None:
            entered.set()
            await go.wait()
            async for _ in ws:
                pass

        async with wired(app) as live, await live.connect() as client:
            await client.send(HANDSHAKE)
            await entered.wait()
            live.server.stop()
            await until(lambda: live.state.is_draining)
            go.set()
            assert (await client.head()).status == 101
            kind, data = await read(client)
            await client.send(frame(CLOSE, data[:2]))
            await client.rest()
        return kind, data[:2]

    assert run(main()) == (CLOSE, struct.pack("!H", 1012))


def test_a_socket_leaves_nothing_behind():
    async def main():
        async with wired(echo_app()) as live:
            for ending in (frame(CLOSE), b"\xff\xff", None):
                client = await opened(live)
                if ending is None:
                    client.close()
                else:
                    await client.send(ending)
                    await client.rest()
            await until(lambda: live.state.is_quiet)
            return len(live.state.connections), len(live.state.tasks), live.state.pending

    assert run(main()) == (0, 0, 0)


def test_an_access_log_has_one_line_for_the_handshake():
    async def main():
        lines = []

        def log(request, status, size, seconds):
            lines.append((request.raw_path, status))

        async with wired(echo_app(), log=log) as live:
            client = await opened(live)
            await client.send(frame(CLOSE))
            await client.rest()
        return lines

    assert run(main()) == [("/echo", 101)]


def test_a_client_that_goes_on_talking_after_the_closing_is_dropped():
    async def main():
        app = leaving_app(close_timeout=0.1)
        async with wired(app, limits=Limits(idle_timeout=0.1)) as live:
            client = await opened(live)
            assert (await read(client))[0] == CLOSE
            while live.state.connections:
                client.writer.write(frame(TEXT, b"still here"))
                await asyncio.sleep(0.01)
            return True

    assert run(asyncio.wait_for(main(), PATIENCE))


@pytest.mark.skipif(not hasattr(select, "POLLRDHUP"), reason="only Linux tells")
def test_a_client_that_leaves_while_nobody_receives_is_noticed():
    async def main():
        options = {"queue": 1, "ping_interval": 0.05, "close_timeout": 0.05}
        app, codes = App(extensions=[WebSockets(**options)]), []

        @app.websocket("/echo")
        async def busy(ws: WebSocket) -> None:
            await ws.accept()
            try:
                await asyncio.Event().wait()
            finally:
                codes.append(ws.closed.code)

        async with wired(app, limits=Limits(idle_timeout=0.1)) as live:
            client = await opened(live, frame(TEXT, b"x") * 10)
            (peer,) = live.state.connections
            await until(lambda: peer.is_throttled)
            client.close()
            await until(lambda: not live.state.connections)
            await until(lambda: codes)
        return codes

    assert run(main()) == [1006]


@pytest.mark.parametrize("chats", [False, True])
def test_a_client_that_does_not_read_is_given_up_though_it_talks(chats):
    async def main():
        app = App(extensions=[WebSockets(ping_interval=0.05, ping_timeout=0.05)])

        @app.websocket("/echo")
        async def pour(ws: WebSocket) -> None:
            await ws.accept()
            while True:
                await ws.send(b"x" * 65_536)

        limits = Limits(idle_timeout=0.1, write_timeout=0.1)
        async with wired(app, limits=limits) as live:
            client = await opened(live)
            client.writer.transport.pause_reading()
            while live.state.connections:
                if chats:
                    client.writer.write(frame(PONG))
                await asyncio.sleep(0.01)
            await until(lambda: live.state.is_quiet)
            return True

    assert run(asyncio.wait_for(main(), PATIENCE))


def test_a_handler_that_sends_without_a_pause_learns_that_its_client_has_gone():
    async def main():
        app, codes = App(), []

        @app.websocket("/echo")
        async def pour(ws: WebSocket) -> None:
            await ws.accept()
            (peer,) = live.state.connections
            peer.abort()
            try:
                for _ in range(10_000):
                    await ws.send("x")
            finally:
                codes.append(ws.closed and ws.closed.code)

        async with wired(app) as live:
            client = await opened(live)
            await client.rest()
            await until(lambda: live.state.is_quiet)
        return codes

    assert run(main()) == [1006]


def test_a_fault_of_the_server_is_told_and_logged(caplog, monkeypatch):
    def broken(self, message):
        raise ZeroDivisionError

    monkeypatch.setattr(WebSocketSession, "take", broken)
    assert talk(frame(TEXT, b"hi")) == [1011]
    [record] = caplog.records
    assert record.exc_info[0] is ZeroDivisionError


def test_nothing_of_a_socket_stays_until_a_time_out():
    async def main():
        app, go = echo_app(), asyncio.Event()

        @app.websocket("/busy")
        async def busy(ws: WebSocket) -> None:
            await ws.accept()
            await go.wait()

        async with wired(app) as live:
            client = await opened(live, frame(CLOSE))
            await client.rest()
            async with await live.connect() as client:
                await client.send(HANDSHAKE.replace(b"/echo", b"/busy") + frame(CLOSE))
                await client.head()
                await until(lambda: all(peer.is_closing for peer in live.state.connections))
                go.set()
                await client.rest()
            await until(lambda: live.state.is_quiet)
            gc.collect()
            return [item for item in gc.get_objects() if is_of_a_socket(item)]

    assert run(main()) == []


def is_of_a_socket(item: object) -> bool:
    kind = type(item)  # for lazy objects of others in this process load what they stand for
    if issubclass(kind, asyncio.Task):
        return item.get_coro().__name__ == "live"
    return issubclass(kind, WebSocketSession)


FRAMES = st.one_of(
    st.builds(
        frame,
        st.integers(0, 15),
        st.binary(max_size=200),
        fin=st.booleans(),
        rsv=st.sampled_from([0, 0, 0, 1]),
        mask=st.sampled_from([True, True, True, False]),
    ),
    st.binary(max_size=20),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.lists(FRAMES, max_size=6), st.floats(0, 1)), min_size=1, max_size=4))
def test_no_bytes_break_the_server_or_stay_with_it(conversations):
    async def main() -> bool:
        async with wired(echo_app()) as live:
            for frames, share in conversations:
                stream = b"".join(frames) + frame(CLOSE)
                cut = int(share * len(stream))
                client = await opened(live, stream[:cut])
                await client.send(stream[cut:])
                client.writer.write_eof()
                await client.rest()
            await until(lambda: live.state.is_quiet)
            return (await live.get("/echo")).status == 426

    assert run(main())
