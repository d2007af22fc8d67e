"""Visitors in peace, in a process of their own: `python -m soak.peace PORT`, until input ends.

Each answer has to be that to its question. Prints as JSON how long the answers took, in seconds,
and how many connections have failed.
"""

import asyncio
import json
import sys


class Visitors:
    """They ask on and on, each on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.took: list[float] = []
        self.failed = 0
        self.stop = asyncio.Event()

    async def visit(self) -> None:
        """Ask; on another connection where one has failed or was closed in order."""
        while not self.stop.is_set():
            try:
                await self.ask_on(*await asyncio.open_connection("127.0.0.1", self.port))
            except (OSError, asyncio.IncompleteReadError):
                self.failed += 1
                await asyncio.sleep(0.01)

    async def ask_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Ask as long as the connection is kept."""
        loop = asyncio.get_running_loop()
        number, is_kept = 0, True
        while is_kept and not self.stop.is_set():
            number += 1
            word = b"%d" % number
            began = loop.time()
            writer.write(b"GET /say/" + word + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(len(word))
            self.took.append(loop.time() - began)
            if not head.startswith(b"HTTP/1.1 200 ") or body != word:
                raise SystemExit(f"{word!r} was answered {head!r} {body!r}")
            is_kept = b"connection: close" not in head
            await asyncio.sleep(0.005)
        writer.close()


async def main(port: int) -> None:
    """Ask until there is no more input."""
    visitors = Visitors(port)
    tasks = [asyncio.ensure_future(visitors.visit()) for _ in range(4)]
    await asyncio.to_thread(sys.stdin.read)
    visitors.stop.set()
    await asyncio.gather(*tasks)
    print(json.dumps([visitors.failed, sorted(visitors.took)]))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
