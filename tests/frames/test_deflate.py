"""Compressed messages: what is agreed on, what goes over the wire, and what a bomb does."""

import asyncio
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from gambrel import App, WebSocket
from gambrel.frames.deflate import OFFER, Deflated, agreed, deflate, inflate, negotiate
from gambrel.websockets import WebSockets, broadcast
from tests.server.live import PATIENCE, Client, run
from tests.server.sockets.frames import (
    BINARY,
    HANDSHAKE,
    MORE,
    PING,
    PONG,
    TEXT,
    closed,
    echo_app,
    frame,
    read,
    wired,
)

PLAIN = OFFER
RSV1 = 4


@pytest.mark.parametrize(
    ("offers", "field"),
    [
        (["permessage-deflate"], PLAIN),
        (["permessage-deflate; client_max_window_bits"], PLAIN),
        (["x-other; a=b, permessage-deflate;client_max_window_bits=10"], PLAIN),
        (["permessage-deflate; server_no_context_takeover; client_no_context_takeover"], PLAIN),
        (
            ['permessage-deflate; server_max_window_bits="10"'],
            f"{PLAIN}; server_max_window_bits=10",
        ),
        (["permessage-deflate; server_max_window_bits=15"], f"{PLAIN}; server_max_window_bits=15"),
        (["permessage-deflate; server_max_window_bits=8", "permessage-deflate"], PLAIN),
        (["permessage-deflate; mystery, permessage-deflate"], PLAIN),
    ],
)
def test_the_first_offer_that_can_be_met_is_taken(offers, field):
    terms = negotiate(offers)

    assert terms is not None
    assert terms.field == field


@pytest.mark.parametrize("answers", [[OFFER], [f"{OFFER}; server_max_window_bits=10"]])
def test_what_we_offer_is_agreed_on(answers):
    assert agreed(answers) is not None
    assert negotiate([OFFER]) == agreed([OFFER])


def test_a_server_need_not_compress():
    assert agreed([]) is None


@pytest.mark.parametrize(
    "answer",
    [
        "permessage-deflate",  # it would keep what it has seen
        f"{OFFER}; client_max_window_bits=10",  # which was not offered
        f"{OFFER}, {OFFER}",
        f"{OFFER}; mystery",
        "x-other; server_no_context_takeover",
    ],
)
def test_an_answer_that_is_none_to_our_offer_is_refused(answer):
    with pytest.raises(ValueError, match="is no answer to"):
        agreed([answer])


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "x-webkit-deflate-frame",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; mystery",
        "permessage-deflate;",
    ],
)
def test_what_cannot_be_met_is_declined(offer):
    assert negotiate([offer]) is None


@given(st.text())
def test_no_offer_is_too_strange(offer):
    negotiate([offer])


@given(st.binary(max_size=5000), st.integers(9, 15))
def test_a_message_comes_back_as_it_was(data, bits):
    assert inflate(deflate(data, bits), len(data)) == data


def test_a_message_that_grows_beyond_its_limit_grows_no_further():
    bomb = deflate(bytes(10_000_000))

    tracemalloc.start()
    try:
        found = inflate(bomb, 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert found is None
    assert peak < 1_000_000
    assert inflate(bomb, 9_999_999) is None
    assert inflate(bomb, 10_000_000) == bytes(10_000_000)


def test_a_last_block_of_the_client_is_understood():
    pressed = zlib.compressobj(wbits=-15)
    data = pressed.compress(b"message") + pressed.flush() + b"\0"

    assert inflate(data, 100) == b"message"


def served(peers, **options) -> connect:
    return connect(
        f"ws://127.0.0.1:{peers.port}/echo", open_timeout=PATIENCE, proxy=None, **options
    )


@pytest.mark.parametrize("bits", [None, 9, 15])
def test_a_client_that_compresses_is_understood(bits):
    messages = ["", "a", "é" * 5000, b"", bytes(range(256)) * 400, "x" * 1_000_000]
    factory = ClientPerMessageDeflateFactory(
        server_max_window_bits=bits, client_max_window_bits=bits or True
    )

    async def main():
        async with (
            wired(echo_app(compress=True)) as live,
            served(live, extensions=[factory], compression=None) as client,
        ):
            found = []
            for message in messages:
                await client.send(message)
                found.append(await client.recv())
            return client.response.headers["sec-websocket-extensions"], found

    field, found = run(main())
    assert found == messages
    assert field.startswith(PLAIN)


@pytest.mark.parametrize("compress", [True, False])
def test_nothing_is_compressed_unless_client_and_app_ask_for_it(compress):
    async def main():
        async with (
            wired(echo_app(compress=compress)) as live,
            served(live, compression=None if compress else "deflate") as client,
        ):
            await client.send("x" * 1000)
            return client.response.headers.get("sec-websocket-extensions"), await client.recv()

    assert run(main()) == (None, "x" * 1000)


@pytest.mark.parametrize("is_default", [True, False])
def test_a_handler_decides_in_place_of_the_setting(is_default):
    app = App(extensions=[WebSockets(compress=is_default)])

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        await ws.accept(compress=not is_default)

    async def main():
        async with wired(app) as live, served(live) as client:
            return "sec-websocket-extensions" in client.response.headers

    assert run(main()) is not is_default


async def opened(live) -> Client:
    """Return a client that may compress."""
    client = await live.connect()
    live.clients.append(client)
    offer = b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    await client.send(HANDSHAKE[:-4] + offer)
    answer = await client.head()
    assert answer["sec-websocket-extensions"] == PLAIN
    return client


def talk(*frames: bytes, reads: int = 0, **options) -> list[object]:
    async def main() -> list[object]:
        async with wired(echo_app(compress=True, **options)) as live:
            client = await opened(live)
            await client.send(b"".join(frames))
            found: list[object] = [await read(client) for _ in range(reads)]
            return found if reads else [await closed(client)]

    return run(main())


def test_a_compressed_message_in_fragments_with_a_ping_between():
    data = deflate(b"one message")
    frames = [
        frame(TEXT, data[:3], fin=False, rsv=RSV1),
        frame(PING, b"p"),
        frame(MORE, data[3:]),
        frame(TEXT, b"plain"),
    ]

    assert talk(*frames, reads=3) == [(PONG, b"p"), (TEXT, b"one message"), (TEXT, b"plain")]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame(TEXT, deflate(b"\xff"), rsv=RSV1)], 1007),
        ([frame(BINARY, b"\xff\xff", rsv=RSV1)], 1002),
        ([frame(BINARY, deflate(bytes(1001)), rsv=RSV1)], 1009),
        ([frame(BINARY, bytes(600), fin=False, rsv=RSV1), frame(MORE, bytes(600))], 1009),
        ([frame(PING, b"", rsv=RSV1)], 1002),
        ([frame(TEXT, b"", rsv=2)], 1002),
        ([frame(TEXT, b"", rsv=RSV1 | 1)], 1002),
        ([frame(TEXT, b"a", fin=False), frame(MORE, b"b", rsv=RSV1)], 1002),
        ([frame(TEXT, b"a", fin=False, rsv=RSV1), frame(MORE, b"b", rsv=RSV1)], 1002),
        ([frame(TEXT, b"a", fin=False, rsv=RSV1), frame(TEXT, b"b", rsv=RSV1)], 1002),
        ([frame(TEXT, b"a", fin=False, rsv=RSV1), frame(TEXT, b"b")], 1002),
        ([frame(MORE, b"a", rsv=RSV1)], 1002),
    ],
)
def test_what_is_not_as_agreed_closes(frames, code):
    assert talk(*frames, max_message=1000) == [code]


def test_a_message_that_would_not_shrink_goes_as_it_is():
    noise = zlib.compress(b"".join(str(n).encode() for n in range(300)))
    assert len(noise) > 128

    assert talk(frame(BINARY, noise), reads=1) == [(BINARY, noise)]


def test_a_broadcast_is_compressed_once_and_then_forgotten(monkeypatch):
    app, sockets, calls = App(extensions=[WebSockets(compress=True)]), [], []
    real = deflate

    def count(data: bytes, bits: int) -> bytes:
        calls.append(len(data))
        return real(data, bits)

    monkeypatch.setattr("gambrel.frames.deflate.deflate", count)

    @app.websocket("/echo")
    async def join(ws: WebSocket) -> None:
        await ws.accept()
        sockets.append(ws)
        async for _ in ws:
            broadcast(sockets, {"text": "x" * 1000})

    async def main():
        async with wired(app) as live, served(live) as one, served(live) as two:
            await one.send("go")
            got = await one.recv(), await two.recv()
            await asyncio.sleep(0)
            return got

    one, two = run(main())
    assert one == two == '{"text":"' + "x" * 1000 + '"}'
    assert len(calls) == 1
    assert Deflated.last is None


def test_a_bomb_over_the_wire_closes():
    async def main():
        async with (
            wired(echo_app(compress=True, max_message=100_000)) as live,
            served(live) as client,
        ):
            await client.send(bytes(5_000_000))
            with pytest.raises(ConnectionClosed):
                await client.recv()
            return client.close_code

    assert run(main()) == 1009
