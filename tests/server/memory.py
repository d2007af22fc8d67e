"""A transport in memory: a connection is given its bytes in exactly these pieces."""

import asyncio
from typing import Any

from tests.server.live import PATIENCE


class MemoryTransport(asyncio.Transport):
    """Keeps what is written; delivers nothing by itself."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol
        self.written = bytearray()
        self.is_paused = False
        self.closed = asyncio.Event()
        protocol.connection_made(self)

    def write(self, data: Any) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.close()

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def close(self) -> None:
        if not self.closed.is_set():
            self.closed.set()
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    async def receive(self, pieces: list[bytes]) -> bytes:
        """Hand over the pieces, one per turn of the loop; return all that is answered."""
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                while self.is_paused and not self.closed.is_set():  # noqa: ASYNC110 - turn by turn
                    await asyncio.sleep(0)
                if self.closed.is_set():
                    break
                self.protocol.data_received(piece)
                await asyncio.sleep(0)
            await self.closed.wait()
        return bytes(self.written)
