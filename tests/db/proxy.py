"""A door to a database that can be shut, or swallow what goes through, and be opened again."""

import asyncio
from contextlib import suppress


class Proxy:
    """Forwards a port of this machine to that of a server; for the loop that starts it."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.port = 0
        self.is_open = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Let connections through."""
        self.is_open.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone, with all connections: as a server that was stopped."""
        assert self._server is not None
        self._server.close()
        for writer in [*self._writers]:
            writer.transport.abort()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self) -> None:
        """Answer nothing any more, and break nothing off: as a network that has failed."""
        self.is_open.clear()

    def flow(self) -> None:
        """Let through again what has waited."""
        self.is_open.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self.is_open.wait()
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(other_writer)
            pumps = (self._pump(reader, other_writer), self._pump(other_reader, writer))
            await asyncio.gather(*pumps)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(65536):
                await self.is_open.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()
