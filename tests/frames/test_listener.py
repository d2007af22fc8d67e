"""Frames from either side: what they have in common. RFC 6455 byte by byte is in `tests/server`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import App, WebSocket
from gambrel.websockets import Limits, WebSockets, connect
from tests.server.live import run, until
from tests.server.sockets.frames import BINARY, MORE, TEXT, frame, opened, read, wired
from tests.websockets.others import bare, opening


@pytest.mark.parametrize("kind", [BINARY, TEXT])
def test_a_message_that_is_refused_does_not_come_with_the_next_bytes(kind):
    app, heard = App(extensions=[WebSockets(max_message=100)]), []

    @app.websocket("/echo")
    async def listen(ws: WebSocket) -> None:
        heard.append(await ws.receive())

    async def main() -> tuple[int, bytes]:
        async with wired(app) as live:
            client = await opened(live)
            whole = frame(kind, b"x" * 101)
            await client.send(whole[:50])
            code = await read(client)
            await client.send(whole[50:] + frame(kind, b"y"))
            await client.rest()
            return code

    assert run(main())[1][:2] == (1009).to_bytes(2, "big")
    assert heard == []


@given(st.lists(st.text(max_size=20), min_size=1, max_size=6), st.booleans())
def test_fragments_are_one_message_from_a_server_too(pieces, is_text):
    raw = [piece.encode() for piece in pieces]
    frames = [frame(TEXT if is_text else BINARY, raw[0], fin=len(raw) == 1, mask=False)]
    frames += [
        frame(MORE, piece, fin=number == len(raw) - 1, mask=False)
        for number, piece in enumerate(raw)
        if number
    ]

    async def main() -> Any:
        async with bare(opening() + b"".join(frames)) as (url, _):
            ws = await connect(url)
            try:
                return await ws.receive()
            finally:
                ws.session.wire.abort()

    assert run(main()) == ("".join(pieces) if is_text else b"".join(raw))


def test_who_does_not_receive_makes_the_other_side_wait():
    async def main() -> list[Any]:
        frames = b"".join(frame(TEXT, str(n).encode(), mask=False) for n in range(50))
        async with bare(opening() + frames) as (url, _):
            ws = await connect(url, limits=Limits(queue=4))
            wire: Any = ws.session.wire
            await until(lambda: wire.is_throttled)
            seen = [await ws.receive() for _ in range(50)]
            wire.abort()
            return [*seen[-1:], wire.is_throttled]

    assert run(main()) == ["49", False]


@pytest.mark.parametrize(("count", "is_taken"), [(1_024, True), (1_025, False)])
def test_a_message_has_so_many_fragments_and_no_more(count, is_taken):
    app, heard = App(extensions=[WebSockets()]), []

    @app.websocket("/echo")
    async def listen(ws: WebSocket) -> None:
        heard.append(await ws.receive())

    async def main() -> tuple[int, bytes]:
        async with wired(app) as live:
            client = await opened(live)
            pieces = [frame(MORE, b"", fin=False)] * (count - 2)
            await client.send(frame(TEXT, b"a", fin=False) + b"".join(pieces) + frame(MORE, b"b"))
            return await read(client)

    code = run(main())[1][:2]

    assert (code == (1009).to_bytes(2, "big")) is not is_taken
    assert heard == (["ab"] if is_taken else [])


def test_a_large_message_may_have_more_fragments():
    piece = b"x" * 64

    async def main() -> Any:
        frames = [frame(BINARY, piece, fin=False, mask=False)]
        frames += [frame(MORE, piece, fin=number == 3_999, mask=False) for number in range(4_000)]
        async with bare(opening() + b"".join(frames)) as (url, _):
            ws = await connect(url)
            try:
                return len(await ws.receive())
            finally:
                ws.session.wire.abort()

    assert run(main()) == 64 * 4_001
