"""A connection becomes a WebSocket: the handshake, and what comes with it."""

import asyncio
import socket
import ssl
from pathlib import Path

from websockets.asyncio.client import connect

from gambrel.server.serve import Server
from gambrel.server.tls import tls_context
from tests.server.live import PATIENCE, Client, run, serving
from tests.server.sockets.frames import (
    BINARY,
    HANDSHAKE,
    TEXT,
    echo_app,
    frame,
    opened,
    read,
    wired,
)


def test_the_handshake_is_answered_as_the_rfc_has_it():
    async def main():
        async with serving(echo_app()) as live, await live.connect() as client:
            await client.send(HANDSHAKE)
            return await client.head()

    answer = run(main())
    assert answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert (answer["Upgrade"], answer["Connection"]) == ("websocket", "upgrade")


def test_frames_that_come_with_the_handshake_are_not_lost():
    async def main():
        async with wired(echo_app()) as live:
            client = await opened(live, frame(TEXT, b"early") + frame(BINARY, b"x" * 5000))
            return await read(client), await read(client)

    assert run(main()) == ((TEXT, b"early"), (BINARY, b"x" * 5000))


def test_a_unix_socket_carries_frames_too(tmp_path: Path):
    async def main():
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        server, ready = Server(echo_app(), listener), asyncio.Event()
        running = asyncio.ensure_future(server.run(ready.set))
        await asyncio.wait_for(ready.wait(), PATIENCE)
        client = Client(*await asyncio.open_unix_connection(tmp_path / "s"))
        await client.send(HANDSHAKE + frame(TEXT, b"hi"))
        assert (await client.head()).status == 101
        found = await read(client)
        client.close()
        server.stop()
        await running
        return found

    assert run(main()) == (TEXT, b"hi")


def test_frames_go_over_tls_and_a_page_over_https_is_ours(certificate):
    trusted = ssl.create_default_context(cafile=certificate[0])
    trusted.check_hostname = False

    async def main():
        async with serving(echo_app(), tls=tls_context(*certificate)) as live:
            url = f"wss://127.0.0.1:{live.port}/echo"
            origin = f"https://127.0.0.1:{live.port}"
            async with connect(url, ssl=trusted, origin=origin, proxy=None) as client:
                await client.send("x" * 200_000)
                return await client.recv()

    assert run(main()) == "x" * 200_000
