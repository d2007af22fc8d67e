"""The app of `gambrel_observed_app` asked within its own process, without a socket.

Reads from standard input how many requests to answer, and writes the CPU microseconds that each
took, with what threads did for it; until the input ends. Connections take turns, as they do.
"""

import asyncio
import os
import sys
import time
from typing import Any

from gambrel_observed_app import app

from gambrel.server.clock import Clock
from gambrel.server.protocol import HTTPProtocol, LoggedHTTPProtocol, ObservedHTTPProtocol
from gambrel.server.serve import new_event_loop
from gambrel.server.state import ServerState

CONNECTIONS = 64
SETTLE = 0.25
"""Seconds until a sink has written what waits: it does so every fifth of one."""
FIELDS = b"Host: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\n"
MESSAGE = b"GET /json HTTP/1.1\r\n" + FIELDS + b"\r\n"


class Nowhere(asyncio.Transport):
    """Takes what is written."""

    def __init__(self, number: int) -> None:
        super().__init__({"peername": (f"127.0.0.{number}", 5000), "sockname": ("127.0.0.1", 80)})

    def write(self, data: Any) -> None:
        """Drop it."""


def protocol_of(state: ServerState) -> HTTPProtocol:
    """Return a connection of the kind that the server would make."""
    if state.logs:
        return LoggedHTTPProtocol(state)
    return ObservedHTTPProtocol(state) if state.observers else HTTPProtocol(state)


async def main() -> None:
    """Answer as often as asked."""
    loop = asyncio.get_running_loop()
    async with app.running():
        clock = Clock(loop)
        state = ServerState(app, loop, clock)
        clock.start()
        connections = [protocol_of(state) for _ in range(CONNECTIONS)]
        for number, connection in enumerate(connections):
            connection.connection_made(Nowhere(number))
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            rounds = int(line) // CONNECTIONS
            began = time.process_time()
            for turn in range(rounds):
                for connection in connections:
                    connection.data_received(MESSAGE)
                if turn % 8 == 7:  # as often as a loop under load looks at its timers
                    await asyncio.sleep(0)
            await asyncio.sleep(SETTLE)
            spent = time.process_time() - began
            print(spent / (rounds * CONNECTIONS) * 1e6, flush=True)
        clock.stop()


if __name__ == "__main__":
    os.environ.setdefault("BENCH_OBSERVED", "")
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())
