"""A served app and clients of it: those that ask on and on, and those that break everything off."""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

REQUEST = b"GET /json HTTP/1.1\r\nHost: localhost\r\n\r\n"
KEY = b"AAAAAAAAAAAAAAAAAAAAAA=="
GAMBREL = [sys.executable, "-m", "gambrel.cli.main"]


class Site:
    """`gambrel run` in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.control = str(folder / "control.sock")
        command = [*GAMBREL, "run", str(Path(__file__).with_name("app.py")), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--control", self.control, *options], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+?:(\d+)", line)
        assert found, line
        self.port = int(found[1])

    async def command(self, *args: str) -> str:
        """Run `gambrel ARGS` about this server."""
        process = await asyncio.create_subprocess_exec(
            *GAMBREL, *args, "--control", self.control, stdout=subprocess.PIPE
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output
        return output.decode()

    async def workers(self) -> list[dict[str, Any]]:
        """Return the workers that serve."""
        told = json.loads(await self.command("status", "--json"))
        return [worker for worker in told["workers"] if worker["state"] == "ready"]

    async def figures(self) -> dict[str, float]:
        """Return the metrics of the one worker."""
        reader, writer = await self.connect()
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = (await reader.read()).decode().partition("\r\n\r\n")[2]
        writer.close()
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if line[:1] not in {"#", ""}]
        return {name: float(value) for name, value in lines if "{" not in name}

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection."""
        return await asyncio.open_connection("127.0.0.1", self.port)

    def kill(self, pid: int) -> None:
        """End a worker as the system does when memory is short."""
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """Stop it, and return the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


async def ask_on(site: Site, seen: Counter[str], stop: asyncio.Event) -> None:
    """Ask on one connection as long as it is kept; count what is answered and what fails."""
    while not stop.is_set():
        try:
            reader, writer = await site.connect()
            while not stop.is_set():
                writer.write(REQUEST)
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                seen["answered" if head.startswith(b"HTTP/1.1 200") else "refused"] += 1
                if b"connection: close" in head:
                    break
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            seen["failed"] += 1


async def probe(site: Site, gaps: list[float], stop: asyncio.Event) -> None:
    """Ask on new connections, and note the time between two answers."""
    loop = asyncio.get_running_loop()
    last = loop.time()
    while not stop.is_set():
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await site.connect()
            writer.write(REQUEST)
            await reader.readuntil(b"\r\n\r\n")
            writer.transport.abort()
            gaps.append(loop.time() - last)
            last = loop.time()
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def under_load(
    site: Site, clients: int = 16
) -> AsyncIterator[tuple[Counter[str], list[float]]]:
    """Ask on and on while the block runs."""
    seen: Counter[str] = Counter()
    gaps: list[float] = []
    stop = asyncio.Event()
    tasks = [asyncio.ensure_future(ask_on(site, seen, stop)) for _ in range(clients)]
    tasks.append(asyncio.ensure_future(probe(site, gaps, stop)))
    try:
        yield seen, gaps
    finally:
        stop.set()
        await asyncio.gather(*tasks)


# Those who break off --------------------------------------------------------------------------


async def abort_after(site: Site, data: bytes, wait: float) -> None:
    """Send something, wait, and break the connection off."""
    reader, writer = await site.connect()
    writer.write(data)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(reader.read(1000), wait)
    writer.transport.abort()


def handshake() -> bytes:
    """Return that of a WebSocket, and a message."""
    return (
        b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
        b"\x81\x82\0\0\0\0hi"
    )


def visitors(site: Site) -> list[Callable[[], Awaitable[None]]]:
    """Return everything that visitors do to a server."""
    upload = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    pieces = {
        "nothing": b"",
        "half a head": b"GET / HT",
        "nonsense": b"\x16\x03\x01\x00\xff\r\n\r\n",
        "half an upload": upload + b"x" * 50_000,
        "a stream": b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a large answer": b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a thread": b"GET /thread HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a failure": b"GET /fail HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "a socket": handshake(),
        "pipelined": REQUEST * 20,
    }
    return [
        lambda data=data: abort_after(site, data, random.uniform(0, 0.05))
        for data in pieces.values()
    ]
