"""The load of WebSockets, in a process of its own: run by `sockets.py` with the Python of Gambrel.

`socket_client.py URL CONNECTIONS echo SECONDS` prints how many messages came back; `... hold` opens
the connections and says so, and at every line of its input waits for a message on all of them.
"""

from __future__ import annotations

import asyncio
import sys
import time

import uvloop
from picows import WSListener, WSMsgType, ws_connect

MESSAGE = "x" * 64
AT_A_TIME = 50


class Client(WSListener):
    """One connection; `echo` sends what it gets."""

    received = 0
    wrong = 0
    is_echoing = False

    def on_ws_connected(self, transport) -> None:
        if Client.is_echoing:
            transport.send(WSMsgType.TEXT, MESSAGE)

    def on_ws_frame(self, transport, frame) -> None:
        if frame.msg_type is not WSMsgType.TEXT:
            return
        Client.received += 1
        if Client.is_echoing:
            if frame.get_payload_as_utf8_text() != MESSAGE:
                Client.wrong += 1
            transport.send(WSMsgType.TEXT, MESSAGE)


async def main(url: str, connections: int, mode: str, seconds: float = 0.0) -> None:
    """Runs one load."""
    Client.is_echoing = mode == "echo"
    for start in range(0, connections, AT_A_TIME):
        number = min(AT_A_TIME, connections - start)
        await asyncio.gather(*(ws_connect(Client, url) for _ in range(number)))
    if mode == "echo":
        await asyncio.sleep(0.5)
        before, began = Client.received, time.perf_counter()
        print("begun", flush=True)
        await asyncio.sleep(seconds)
        found = Client.received - before
        print(found, time.perf_counter() - began, Client.wrong, flush=True)
        return
    print("open", flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        wanted, began = Client.received + connections, time.perf_counter()
        print("waits", flush=True)
        while Client.received < wanted and time.perf_counter() - began < 30:  # noqa: ASYNC110 - polls
            await asyncio.sleep(0.005)
        print(wanted - Client.received, time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    url, connections, mode, *rest = sys.argv[1:]
    uvloop.run(main(url, int(connections), mode, *map(float, rest)))
