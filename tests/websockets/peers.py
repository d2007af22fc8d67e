"""A real client on a real server: what the tests of this battery talk through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.server.live import PATIENCE, Live, run, serving, until

__all__ = ["Served", "closing", "refused", "run", "served", "until"]


class Served:
    """An app that is served, and clients of it."""

    def __init__(self, live: Live) -> None:
        self.live = live

    def connect(self, path: str, **options: Any) -> connect:
        return connect(f"ws://127.0.0.1:{self.live.port}{path}", open_timeout=PATIENCE, **options)


@asynccontextmanager
async def served(app: Any, **options: Any) -> AsyncIterator[Served]:
    async with asyncio.timeout(PATIENCE * 3), serving(app, **options) as live:
        yield Served(live)


async def closing(client: ClientConnection) -> tuple[int | None, str | None]:
    """Return the code and the reason that the server closes with; what came before is dropped."""
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                await client.recv()
    except ConnectionClosed:
        return client.close_code, client.close_reason


async def refused(peers: Served, path: str, **options: Any) -> tuple[int, bytes]:
    """Return the status and the body that a handshake is refused with."""
    with pytest.raises(InvalidStatus) as found:
        async with peers.connect(path, **options):
            pass
    return found.value.response.status_code, bytes(found.value.response.body or b"")
