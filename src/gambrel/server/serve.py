"""Serve an app on this process's event loop: open it, listen, wait for a signal, drain, close."""

import asyncio
import signal
import socket
from typing import Any

from gambrel.server.clock import Clock
from gambrel.server.protocol import HTTPProtocol, ServerState

__all__ = ["new_event_loop", "serve"]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop where it is installed, else asyncio's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def serve(app: Any, listener: socket.socket, *, ready: Any = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with app.running():
        clock = Clock(loop)
        state = ServerState(app, loop, clock)
        clock.start()
        server = await loop.create_server(lambda: HTTPProtocol(state), sock=listener, backlog=1024)
        if ready is not None:
            ready()
        await stop.wait()
        server.close()
        clock.stop()
