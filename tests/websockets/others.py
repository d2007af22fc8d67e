"""Servers that are not ours, for sockets that we open: of `websockets`, and bare ones."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import serve

from tests.server.live import PATIENCE

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@asynccontextmanager
async def foreign(handle: Callable[[Any], Awaitable[None]], **options: Any) -> AsyncIterator[str]:
    """Serve by `websockets`; the URL is yielded."""
    options = {"compression": None, **options}
    scheme = "wss" if "ssl" in options else "ws"
    async with asyncio.timeout(PATIENCE * 3), serve(handle, "127.0.0.1", 0, **options) as server:
        yield f"{scheme}://localhost:{next(iter(server.sockets)).getsockname()[1]}/"


@asynccontextmanager
async def bare(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answer one connection after the other with bytes; yield the URL, and what is asked for.

    `%s` in an answer becomes the key that a handshake is accepted with, `%port` the server's port.
    One that has no bytes is silent.
    """
    asked: list[bytes] = []
    coming = iter(answers)
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head)
            key = head.lower().split(b"sec-websocket-key: ")[1].split(b"\r\n")[0]
            start = head.lower().index(key)
            digest = hashlib.sha1(head[start : start + len(key)] + GUID).digest()
            if answer := next(coming):
                port = str(writer.get_extra_info("sockname")[1]).encode()
                whole = answer.replace(b"%s", base64.b64encode(digest)).replace(b"%port", port)
                writer.write(whole)
                await writer.drain()
            while (data := await reader.read(1000)) or not answer:
                asked.append(data)
                if not data:
                    break
        except OSError:
            pass
        finally:
            gone.set()
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        async with asyncio.timeout(PATIENCE * 3):
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/path?q=1", asked
    finally:
        server.close()


def opening(*fields: bytes) -> bytes:
    """Return the answer to a handshake, with further header fields."""
    lines = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade")
    return b"\r\n".join((*lines, b"Sec-WebSocket-Accept: %s", *fields, b"", b""))


def saying(status: bytes, *fields: bytes, body: bytes = b"") -> bytes:
    """Return an answer that is no handshake."""
    size = b"Content-Length: %d" % len(body)
    return b"\r\n".join((b"HTTP/1.1 " + status, size, *fields, b"", body))
