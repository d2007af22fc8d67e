"""Another protocol beside the web: lines of text that come back, and a page that counts them.

Whatever asyncio can serve lives and dies with the app: it is a lifespan.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from msgspec import Meta, Struct

from gambrel import App
from gambrel.extend import Setup

LINE = 64 * 1024


class EchoServer(Struct, frozen=True, kw_only=True):
    """Echo lines at `host` and `port`; 0 takes a free one."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 7007

    name = "echo"
    requires = ()

    @property
    def settings(self) -> "EchoServer":
        """Itself: `GAMBREL_ECHO__PORT` and `GAMBREL_ECHO__HOST`."""
        return self

    def install(self, setup: Setup) -> None:
        """Open the port with the app, and close it with its connections."""
        given: EchoServer = setup.settings.echo

        async def echo() -> AsyncIterator[Echo]:
            lines = Echo()
            server = await asyncio.start_server(lines.talk, given.host, given.port, limit=LINE)
            lines.port = server.sockets[0].getsockname()[1]
            try:
                yield lines
            finally:
                server.close()
                lines.close()

        setup.lifespan(echo)


class Echo:
    """The open connections, and what they have said."""

    def __init__(self) -> None:
        self.port = 0
        self.lines = 0
        self.open: set[asyncio.StreamWriter] = set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send every line back; a line without an end is cut off."""
        self.open.add(writer)
        try:
            while line := await reader.readuntil(b"\n"):
                writer.write(line)
                await writer.drain()
                self.lines += 1
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self.open.discard(writer)
            writer.close()

    def close(self) -> None:
        """Break off who is still connected."""
        for writer in tuple(self.open):
            writer.transport.abort()


class Figures(Struct):
    """What the page tells."""

    port: int
    lines: int
    connections: int


app = App(extensions=[EchoServer()])


@app.get("/")
async def figures(echo: Echo) -> Figures:
    return Figures(echo.port, echo.lines, len(echo.open))
