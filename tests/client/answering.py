"""Servers on this machine, for requests of ours: apps, and those that send bytes as they are."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpcore2

from gambrel.client.addresses import PublicNetwork


@asynccontextmanager
async def answering(answer: bytes | Callable[..., Awaitable[None]]) -> AsyncIterator[str]:
    """Answer every connection with bytes, or by a function; the URL is yielded."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def told(addresses: dict[str, list[str]], asked: list[str]) -> PublicNetwork:
    """Return a network in which names have these addresses, and nobody is connected to."""

    async def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (address, port)) for address in addresses[host]]

    class Nowhere(httpcore2.AsyncNetworkBackend):
        async def connect_tcp(self, host, port, *_args, **_options):
            asked.append(host)
            raise httpcore2.ConnectError("nobody is there")

    return PublicNetwork(resolve=resolve, network=Nowhere())
