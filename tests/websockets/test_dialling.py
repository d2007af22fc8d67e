"""What a handshake of ours asks for, and which answers it takes."""

import asyncio
import gc
import ssl
from typing import Any

import pytest
import trustme

from gambrel.websockets import HandshakeFailed, Limits, connect
from gambrel.websockets.dialling import moved, parse_address
from tests.server.live import run, until
from tests.websockets.others import bare, foreign, opening, saying


def failing(*answers: bytes, **options: Any) -> tuple[HandshakeFailed, list[bytes]]:
    """Return how a handshake fails, and what was asked."""

    async def main() -> tuple[HandshakeFailed, list[bytes]]:
        async with bare(*answers) as (url, asked):
            with pytest.raises(HandshakeFailed) as told:
                await connect(url, **options)
            return told.value, asked

    return run(main())


def test_a_handshake_asks_for_the_target_and_says_who_asks():
    async def main() -> bytes:
        async with bare(opening(b"Sec-WebSocket-Protocol: b")) as (url, asked):
            limits = Limits(compress=True)
            ws = await connect(url, headers={"X-Key": "k"}, subprotocols="ab", limits=limits)
            assert ws.subprotocol == "b"
            ws.session.wire.abort()
            return asked[0]

    asked = run(main())

    assert asked.startswith(b"GET /path?q=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    for line in (
        b"Sec-WebSocket-Version: 13",
        b"x-key: k",
        b"user-agent: gambrel",
        b"sec-websocket-protocol: a, b",
        b"sec-websocket-extensions: permessage-deflate; server_no_context_takeover",
    ):
        assert b"\r\n" + line in asked


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (saying(b"404 Not Found", body=b"no"), "127.0.0.1 answered 404"),
        (opening().replace(b"%s", b"c29tZXRoaW5nIGVsc2U="), "127.0.0.1"),
        (opening().replace(b"Upgrade: websocket", b"Upgrade: h2c"), "127.0.0.1"),
        (opening(b"Sec-WebSocket-Protocol: c"), "was offered"),
        (opening(b"Sec-WebSocket-Extensions: permessage-deflate"), "is no answer"),
        (opening(b"Sec-WebSocket-Extensions: x-other"), "is no answer"),
        (b"nonsense\r\n\r\n", "127.0.0.1"),
        (b"HTTP/1.1 101 " + b"x" * 20_000, "127.0.0.1"),
    ],
)
def test_an_answer_that_opens_no_socket_fails(answer, told):
    failure, _ = failing(answer)

    assert told in str(failure)


def test_compression_that_was_not_offered_fails():
    field = b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"

    failure, _ = failing(opening(field))

    assert "was not offered" in str(failure)


def test_one_that_closes_without_an_answer_fails():
    async def main() -> str:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            with pytest.raises(HandshakeFailed) as told:
                await connect(f"ws://127.0.0.1:{port}/")
        finally:
            server.close()
        with pytest.raises(HandshakeFailed, match="cannot be reached"):
            await connect(f"ws://127.0.0.1:{port}/")
        return str(told.value)

    assert "127.0.0.1" in run(main())


def test_one_that_is_silent_fails_in_time():
    failure, _ = failing(b"", open_timeout=0.05)

    assert "has not answered within 0.05 s" in str(failure)
    assert isinstance(failure.__cause__, TimeoutError)


def test_an_opening_that_is_cancelled_leaves_nothing():
    async def main() -> None:
        async with bare(b"") as (url, asked):
            task = asyncio.ensure_future(connect(url).open())
            await until(lambda: asked)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        gc.collect()  # a transport that is left open would warn

    run(main())


# Redirects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [b"", b"http://127.0.0.1:%port", b"ws://127.0.0.1:%port"])
def test_a_redirect_within_the_server_is_followed(start):
    async def main() -> tuple[str, list[bytes]]:
        first = saying(b"307 Moved", b"Location: " + start + b"/other?q=2")
        async with bare(first, opening()) as (url, asked):
            ws = await connect(url, headers={"key": "k"})
            ws.session.wire.abort()
            return str(ws.url), [head for head in asked if head]

    url, (_, asked) = run(main())

    assert url.endswith("/other?q=2")
    assert asked.startswith(b"GET /other?q=2 HTTP/1.1\r\n")
    assert b"\r\nkey: k\r\n" in asked


def test_redirects_have_an_end():
    failure, asked = failing(*[saying(b"307 Moved", b"Location: /path")] * 9)

    assert "again and again" in str(failure)
    assert len([head for head in asked if head]) == 4


@pytest.mark.parametrize(
    "location",
    [
        b"ws://stranger.example/",
        b"http://127.0.0.1:1/",
        b"ws://127.0.0.1:443/",
        b"https://127.0.0.1.example/",
        b"ftp://127.0.0.1/",
        b"//stranger.example/",
        b"",
    ],
)
def test_a_redirect_to_a_stranger_is_refused(location):
    failure, asked = failing(saying(b"302 Found", b"Location: " + location))

    assert failure.status == 302
    assert len([head for head in asked if head]) == 1


@pytest.mark.parametrize(
    ("start", "location", "goes_on"),
    [
        ("ws://a.example:8080/x", "wss://a.example/y", True),
        ("ws://a.example/x", "https://a.example/y", True),
        ("ws://a.example:8080/x", "ws://a.example:443/y", False),
        ("wss://a.example:8080/x", "ws://a.example:443/y", False),
        ("wss://a.example/x", "ws://a.example:443/y", False),
        ("wss://a.example/x", "wss://a.example:8443/y", False),
    ],
)
def test_another_port_is_the_same_server_where_it_is_that_of_wss(start, location, goes_on):
    failure = HandshakeFailed("moved", 302, [("location", location)])

    if goes_on:
        assert str(moved(parse_address(start), failure)).startswith("wss://a.example")
    else:
        with pytest.raises(HandshakeFailed, match="another server"):
            moved(parse_address(start), failure)


# TLS ----------------------------------------------------------------------------------------------


def test_certificates_are_verified():
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)

    async def handle(ws: Any) -> None:
        async for message in ws:
            await ws.send(message)

    async def main() -> Any:
        async with foreign(handle, ssl=server) as url:
            with pytest.raises(HandshakeFailed) as told:
                await connect(url)
            assert isinstance(told.value.__cause__, ssl.SSLCertVerificationError)
            async with connect(url, ssl_context=client) as ws:
                await ws.send("hello")
                return await ws.receive()

    assert run(main()) == "hello"


@pytest.mark.parametrize(
    ("text", "port"),
    [("ws://a.example/x", 80), ("wss://a.example", 443), ("ws://[::1]:81/", 81)],
)
def test_an_address_has_the_port_of_its_scheme(text, port):
    assert parse_address(text).port == port
