"""Frames as a client of WebSockets writes and reads them, over the raw clients of `live`."""

import os
import struct
from contextlib import asynccontextmanager

from gambrel import App, WebSocket
from gambrel.websockets import WebSockets
from tests.server.live import Client, run, serving

TEXT, BINARY, MORE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
)


def frame(kind: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True):
    """Return a frame as a client sends it."""
    first = (0x80 if fin else 0) | rsv << 4 | kind
    size, bit = len(data), 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if not mask:
        return head + data
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(data))


async def read(client: Client) -> tuple[int, bytes]:
    """Return kind and payload of the next frame."""
    first, size = await client.exactly(2)
    if size == 126:
        (size,) = struct.unpack("!H", await client.exactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await client.exactly(8))
    return first & 15, await client.exactly(size)


async def closed(client: Client) -> int:
    """Return the code that the server closes with; it must end the connection, too."""
    while (found := await read(client))[0] != CLOSE:
        pass
    if len(found[1]) >= 2:
        await client.rest()
    return int.from_bytes(found[1][:2], "big")


def echo_app(**options) -> App:
    app = App(extensions=[WebSockets(**options)])

    @app.websocket("/echo")
    async def echo(ws: WebSocket) -> None:
        async for message in ws:
            await ws.send(message)

    return app


@asynccontextmanager
async def wired(app: App, **options):
    """Serve an app; at the end, leave with all clients that were `opened`."""
    async with serving(app, **options) as live:
        live.clients = []
        try:
            yield live
        finally:
            for client in live.clients:
                client.close()


async def opened(live, first: bytes = b"") -> Client:
    client = await live.connect()
    live.clients.append(client)
    await client.send(HANDSHAKE + first)
    answer = await client.head()
    assert answer.status == 101
    return client


def talk(*frames: bytes, app: App | None = None, reads: int = 0) -> list[object]:
    """Send frames; return as many as asked for, and the code of the closing."""

    async def main() -> list[object]:
        async with wired(app or echo_app()) as live:
            client = await opened(live)
            await client.send(b"".join(frames))
            found: list[object] = [await read(client) for _ in range(reads)]
            return [*found, await closed(client)]

    return run(main())
