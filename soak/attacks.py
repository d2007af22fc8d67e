"""What an attacker does to a server, over sockets: each is one visit, with its own chance.

All of them are to be refused, waited out or answered; none may be felt by who is next to them.
"""

import asyncio
import contextlib
import random
import re
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

from soak.load import KEY, REQUEST, Site
from tests.server.fuzzing import hostile, pieces_of
from tests.server.sockets.frames import BINARY, CLOSE, MORE, PING, PONG, TEXT

__all__ = ["ATTACKS", "ask_control"]

HOST = b"Host: localhost\r\n"
MOST = 1.0
"""Seconds that a visit waits for an answer."""
UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n"
)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Attack = Callable[[Site, random.Random], Awaitable[None]]


@contextlib.asynccontextmanager
async def connected(site: Site, chance: random.Random) -> AsyncIterator[Streams]:
    """A connection that ends by FIN, or by RST in the middle of whatever goes on."""
    reader, writer = await site.connect()
    try:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            yield reader, writer
    finally:
        if chance.randrange(2):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()


async def send(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send, and wait a moment for whoever does not read."""
    writer.write(data)
    await asyncio.wait_for(writer.drain(), MOST)


async def hear(reader: asyncio.StreamReader, seconds: float = MOST) -> bytes:
    """Return what comes until the end, or for so long."""
    heard = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while data := await reader.read(1 << 16):
                heard = (heard + data)[-(1 << 20) :]
    return heard


# HTTP -----------------------------------------------------------------------------------------


async def smuggle(site: Site, chance: random.Random) -> None:
    """Send mutations of the corpus of hostile messages, in pieces."""
    async with connected(site, chance) as (reader, writer):
        for piece in pieces_of(hostile(chance), chance):
            await send(writer, piece)
            if chance.randrange(2):
                await asyncio.sleep(chance.random() / 100)
        heard = await hear(reader, chance.random())
        assert b"/smuggled" not in heard


async def drip(site: Site, chance: random.Random) -> None:
    """Send a head, or a body, byte by byte, and never the last one."""
    head = b"GET /json HTTP/1.1\r\n" + HOST + b"X-A: b\r\n" * 50
    body = b"POST /upload HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\n" + bytes(500)
    async with connected(site, chance) as (_, writer):
        for byte in chance.choice((head, body)):
            await send(writer, bytes([byte]))
            await asyncio.sleep(chance.choice((0, 0.001, 0.01)))


async def half_close(site: Site, chance: random.Random) -> None:
    """Close one side after a request, or in the middle of one."""
    data = chance.choice((REQUEST, REQUEST * 3, REQUEST[:20], UPGRADE + b"\r\n"))
    async with connected(site, chance) as (reader, writer):
        await send(writer, data)
        writer.write_eof()
        await hear(reader)


async def pipeline(site: Site, chance: random.Random) -> None:
    """Send thousands of requests at once; what is answered is answered in order."""
    number = chance.choice((50, 500, 5_000))
    wanted = [b"%d" % chance.randrange(10**9) for _ in range(number)]
    kinds = [b"GET /say/%b HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /late/%b HTTP/1.1\r\n" + HOST]
    kinds[1] += b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"
    sent = b"".join(kinds[0 if chance.randrange(50) else 1] % word for word in wanted)
    async with connected(site, chance) as (reader, writer):
        sending = asyncio.ensure_future(send(writer, sent))
        heard = await hear(reader, chance.choice((0.0, 0.1, 2 * MOST)))
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        found = re.findall(rb"\r\n\r\n(\d+)(?=HTTP/1\.1 )", heard)
        if len(heard) < 1 << 20:  # all of it was kept
            assert found == wanted[: len(found)], "answers are out of order"


async def upload(site: Site, chance: random.Random) -> None:
    """Break off an upload: sized, chunked, or more than is taken."""
    length = chance.choice((b"Content-Length: 1000000", b"Transfer-Encoding: chunked"))
    too_much = b"Content-Length: 99999999999"
    kind = chance.choice((length, length, too_much))
    expects = chance.choice((b"", b"Expect: 100-continue\r\n"))
    async with connected(site, chance) as (reader, writer):
        await send(writer, b"POST /upload HTTP/1.1\r\n" + HOST + kind + b"\r\n" + expects + b"\r\n")
        if expects:
            await hear(reader, 0.05)
        for _ in range(chance.randrange(20)):
            await send(writer, b"1000\r\n" + bytes(0x1000) + b"\r\n")
        await hear(reader, chance.random() / 4)


async def many_headers(site: Site, chance: random.Random) -> None:
    """Send headers that are too many, too long, or never end."""
    kinds = (
        b"X-%d: y\r\n" % chance.randrange(99) * 100_000,
        b"X: " + b"y" * 1_000_000,
        b"y" * 1_000_000,
        b"Cookie: " + b"a=b; " * 3_000 + b"\r\n" * 4,
        b"Accept: " + b"*/*;q=0.1," * 1_500 + b"\r\n\r\n",
        b"\r\n" * 100_000,
    )
    async with connected(site, chance) as (reader, writer):
        await send(writer, b"GET /json HTTP/1.1\r\n" + HOST + chance.choice(kinds))
        await hear(reader)


async def odd_chunks(site: Site, chance: random.Random) -> None:
    """Send chunks with extensions, of one byte, with trailers, with sizes that are none."""
    chunks = (
        b"1;" + b"a" * 20_000 + b"\r\nx\r\n",
        b"1\r\nx\r\n" * 20_000,
        b"1;a=b\r\nx\r\n" * 5_000,
        b"0\r\n" + b"Trailer: x\r\n" * 20_000 + b"\r\n",
        b"0\r\nContent-Length: 5\r\nHost: elsewhere\r\n\r\n" + REQUEST,
        b"fffffffffffffffff\r\nx",
        b"-1\r\nx\r\n",
        b"0x1\r\nx\r\n0\r\n\r\n",
        b"00000000000000000000001\r\nx\r\n0\r\n\r\n",
        b"5\r\n\n0\r\n\r\n" * 3_000 + b"0\r\n\r\n",
    )
    head = b"POST /upload HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    async with connected(site, chance) as (reader, writer):
        await send(writer, head)
        await send(writer, chance.choice(chunks))
        await hear(reader, 0.3)


async def expect(site: Site, chance: random.Random) -> None:
    """Ask whether to send a body, and do otherwise."""
    asked = b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"
    after = chance.choice((b"", b"0123456789", REQUEST, b"01234", b"0123456789" + REQUEST))
    path = chance.choice((b"/upload", b"/json", b"/nowhere"))
    async with connected(site, chance) as (reader, writer):
        await send(writer, b"POST " + path + b" HTTP/1.1\r\n" + HOST + asked)
        await hear(reader, chance.random() / 10)
        await send(writer, after)
        heard = await hear(reader, 0.3)
        assert len(re.findall(rb"HTTP/1\.1 [2-5]", heard)) <= 2, "answered twice"


async def targets(site: Site, chance: random.Random) -> None:
    """Name other hosts, odd paths, other protocols."""
    target = chance.choice(
        (
            b"http://localhost/json",
            b"http://elsewhere/json",
            b"http://localhost@elsewhere/json",
            b"https://localhost:443/json",
            b"//elsewhere/json",
            b"/..%2f..%2fetc/passwd",
            b"/" + b"%2e%2e/" * 500,
            b"/json?" + b"a=b&" * 1_500,
            b"*",
            b"localhost:80",
            b"/\x80",
            b"/%ff%00",
        )
    )
    method = chance.choice((b"GET", b"POST", b"OPTIONS", b"CONNECT", b"TRACE", b"PRI", b"FOO"))
    async with connected(site, chance) as (reader, writer):
        await send(writer, method + b" " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        await hear(reader, 0.1)


async def slow_reader(site: Site, chance: random.Random) -> None:
    """Ask for much, and read little."""
    path = chance.choice((b"/large", b"/events", b"/json"))
    async with connected(site, chance) as (reader, writer):
        await send(writer, (b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n") * 20)
        for _ in range(chance.randrange(10)):
            await reader.read(100)
            await asyncio.sleep(0.05)


async def other_protocol(site: Site, chance: random.Random) -> None:
    """Speak TLS, HTTP/2, or nothing that has a name."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    async with connected(site, chance) as (reader, writer):
        await send(writer, chance.choice((hello, preface, chance.randbytes(3_000))))
        await hear(reader, 0.1)


# WebSockets -----------------------------------------------------------------------------------


def frame(
    kind: int, data: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True
) -> bytes:
    """Return a frame whose mask is zero, which costs nothing to make."""
    first, size, bit = (0x80 if fin else 0) | rsv << 4 | kind, len(data), 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + (bytes(4) if mask else b"") + data


@cache
def hostile_frames() -> tuple[bytes, ...]:
    """Return frames that a client must not send, or not so many of."""
    deflated = zlib.compress(b"x" * 1000)[2:-4]
    bomb = zlib.compress(bytes(50_000_000))[2:-4]
    long = struct.pack("!BBQ", 0x82, 0xFF, 1 << 63) + b"abcd"
    return (
        frame(TEXT, b"a", fin=False) + frame(MORE, b"b", fin=False) * 3_000,
        frame(TEXT, b"", fin=False) + frame(MORE, b"", fin=False) * 3_000 + frame(MORE, b""),
        frame(PING, b"p" * 125) * 5_000,
        frame(PONG, b"") * 5_000,
        frame(PING, b"p" * 126),
        frame(PING, b"p", fin=False),
        frame(TEXT, b"\xff\xfe"),
        frame(TEXT, b"\xf0\x9f", fin=False) + frame(MORE, b"\x98\x80"),
        frame(TEXT, b"\xed\xa0\x80"),
        frame(TEXT, deflated, rsv=4),
        frame(MORE, deflated, rsv=4),
        frame(TEXT, bomb, rsv=4),
        frame(TEXT, random.Random(1).randbytes(200), rsv=4),
        frame(PING, b"", rsv=4),
        frame(TEXT, b"x", rsv=2),
        frame(3, b"x"),
        frame(11, b"x"),
        frame(MORE, b"x"),
        frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"),
        frame(TEXT, b"x", mask=False),
        frame(CLOSE, b"\x03"),
        frame(CLOSE, b"\x03\xed"),
        frame(CLOSE, b"\x03\xe8\xff"),
        frame(CLOSE, b"\x03\xe8" + b"x" * 123) * 3,
        frame(CLOSE) + frame(TEXT, b"late") * 100,
        frame(TEXT, b"x" * 2_000_000),
        frame(BINARY, b"x") * 20_000,
        long,
        random.Random(2).randbytes(500),
    )


async def frames(site: Site, chance: random.Random) -> None:
    """Open a WebSocket, and send what is no frame, or too many of them."""
    extension = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if chance.randrange(2) else b""
    sent = b"".join(chance.choices(hostile_frames(), k=1 + chance.randrange(3)))
    async with connected(site, chance) as (reader, writer):
        if chance.randrange(4) == 0:  # before the answer to the handshake
            await send(writer, UPGRADE + extension + b"\r\n" + sent)
        else:
            await send(writer, UPGRADE + extension + b"\r\n")
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces_of(sent, chance):
                await send(writer, piece)
        await hear(reader, chance.choice((0.0, 0.01, 0.3)))


async def handshakes(site: Site, chance: random.Random) -> None:
    """Ask for a WebSocket in ways that are none."""
    odd = chance.choice(
        (
            UPGRADE.replace(b"13", b"12"),
            UPGRADE.replace(KEY, b"short"),
            UPGRADE + b"Sec-WebSocket-Key: " + KEY + b"\r\n",
            UPGRADE + b"Content-Length: 5\r\n",
            UPGRADE + b"Origin: http://elsewhere\r\n",
            UPGRADE.replace(b"/echo", b"/json"),
            UPGRADE.replace(b"GET", b"POST"),
            UPGRADE.replace(b"HTTP/1.1", b"HTTP/1.0"),
            UPGRADE
            + b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n",
            UPGRADE + b"Sec-WebSocket-Extensions: " + b"x;" * 4_000 + b"\r\n",
        )
    )
    async with connected(site, chance) as (reader, writer):
        await send(writer, odd + b"\r\n" + REQUEST)
        await hear(reader, 0.2)


# The control socket -----------------------------------------------------------------------------


async def ask_control(site: Site, chance: random.Random) -> None:
    """Say to the control socket what is no question, or nothing."""
    said = chance.choice(
        (
            b"",
            b"{",
            b"\n",
            b"x" * 100_000,
            b'{"do": "nothing"}\n',
            b'{"do": "scale", "workers": 99999999999999999999}\n',
            b'{"do": "status"}\n' * 100,
            b"[" * 4_000 + b"\n",
            chance.randbytes(500) + b"\n",
        )
    )
    with contextlib.suppress(OSError, TimeoutError):
        reader, writer = await asyncio.open_unix_connection(site.control)
        try:
            await send(writer, said)
            await hear(reader, 0.1)
        finally:
            writer.transport.abort()


ATTACKS: tuple[Attack, ...] = (
    *(smuggle, smuggle, drip, half_close, pipeline, upload, many_headers, odd_chunks, expect),
    *(targets, slow_reader, other_protocol, frames, frames, frames, handshakes, ask_control),
)
