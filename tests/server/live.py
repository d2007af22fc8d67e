"""A server in the test's own thread, and raw clients: what every test of this room talks through.

`serving(app)` runs a `Server` on a free port while the test's coroutine talks to it over sockets,
so tests see the app, the state and the connections of the same process.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from gambrel.server.limits import Limits
from gambrel.server.serve import Server, new_event_loop

T = TypeVar("T")

PATIENCE = 10.0  # seconds until a test gives up; never a measure

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"


loop_factory: Callable[[], asyncio.AbstractEventLoop] = new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine on the loop that is under test."""
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main)


class Live:
    """A running server as a test sees it."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port

    @property
    def state(self) -> Any:
        return self.server.state

    async def connect(self) -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        return Client(reader, writer)

    async def talk(self, *pieces: bytes) -> bytes:
        """Send the pieces one after the other, and return all that comes until the end."""
        async with await self.connect() as client:
            for piece in pieces:
                await client.send(piece)
                await asyncio.sleep(0)
            return await client.rest()

    async def get(self, path: str, headers: bytes = b"") -> "Answer":
        """Return the answer to one GET on a connection of its own."""
        async with await self.connect() as client:
            await client.send(request("GET", path, headers + CLOSE))
            return await client.answer()


class Answer:
    """One answer as it came over the wire."""

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def __getitem__(self, name: str) -> str | None:
        return dict(self.headers).get(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"<{self.status} {self.headers} {self.body[:80]!r}>"


class Client:
    """A connection that sends bytes as they are and reads answers strictly."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        self.writer.transport.abort()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):  # what the server has said can still be read
            await asyncio.wait_for(self.writer.drain(), PATIENCE)

    async def line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n"), PATIENCE)

    async def exactly(self, size: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(size), PATIENCE)

    async def rest(self) -> bytes:
        """Return what comes until the server closes."""
        received = b""
        try:
            while data := await asyncio.wait_for(self.reader.read(1 << 16), PATIENCE):
                received += data
        except TimeoutError:
            raise
        except OSError:  # a reset, or ENOTCONN, which is no ConnectionError
            pass
        return received

    async def head(self) -> Answer:
        """Return the next answer without its body."""
        version, status, _ = (await self.line()).decode("latin-1").split(" ", 2)
        assert version == "HTTP/1.1"
        headers = []
        while (line := await self.line()) != b"\r\n":
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition(": ")
            headers.append((name, value))
        return Answer(int(status), headers, b"")

    async def answer(self, method: str = "GET") -> Answer:
        """Return the next answer, as a strict client frames it (RFC 9112 §6.3)."""
        answer = await self.head()
        if method == "HEAD" or answer.status in {204, 304} or answer.status < 200:
            return answer
        if answer["transfer-encoding"] == "chunked":
            assert answer["content-length"] is None
            while chunk := await self.chunk():
                answer.body += chunk
        elif answer["content-length"] is not None:
            answer.body = await self.exactly(int(answer["content-length"]))
        else:
            assert answer["connection"] == "close"
            answer.body = await self.rest()
        return answer

    async def chunk(self) -> bytes:
        """Return one chunk; b"" is the end of the body."""
        size = int((await self.line()).strip(), 16)
        data = await self.exactly(size)
        assert await self.exactly(2) == b"\r\n"
        return data


def request(method: str, path: str, headers: bytes = b"", body: bytes | None = None) -> bytes:
    """Return a well-formed HTTP/1.1 message."""
    length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
    line = f"{method} {path} HTTP/1.1\r\n".encode()
    return line + HOST + headers + length + b"\r\n" + (body or b"")


@asynccontextmanager
async def serving(
    app: Any, limits: Limits | None = None, make: Callable[..., Server] = Server, **options: Any
) -> AsyncIterator[Live]:
    """Serve `app` while the block runs; leaving it drains."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = make(app, listener, limits=limits, **options)
    ready = asyncio.Event()
    running = asyncio.create_task(server.run(ready.set))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
    waiting.cancel()
    if running.done():
        await running
    try:
        yield Live(server, listener.getsockname()[1])
    finally:
        server.stop()
        async with asyncio.timeout(PATIENCE * 3):
            await running


async def until(condition: Any) -> None:
    """Return once `condition()` holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


def ask(
    app: Any, *paths: str, method: str = "GET", headers: bytes = b"", **options: Any
) -> list[Answer]:
    """Return the answers to requests on one connection."""

    async def main() -> list[Answer]:
        async with serving(app, **options) as live, await live.connect() as client:
            found = []
            for path in paths:
                await client.send(request(method, path, headers))
                found.append(await client.answer(method))
            return found

    return run(main())
