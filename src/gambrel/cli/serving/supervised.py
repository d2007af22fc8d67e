"""`gambrel run --workers N`: this process becomes the supervisor, which loads no app."""

import asyncio
import os
import socket
import sys
from typing import Any

import click
import msgspec

from gambrel import GambrelError
from gambrel.cli.serving.worker import Order

__all__ = ["supervise"]

WORKER = [sys.executable, "-P", "-m", "gambrel.cli.serving.worker"]


def supervise(listener: socket.socket, plan: Any, order: Order, message: str) -> int:
    """Keep workers serving until a signal asks to stop; return the exit code.

    `message` is written once all of them serve. Raises GambrelError where there are no workers.
    """
    if os.name != "posix":
        raise GambrelError(
            "server.workers",
            "several workers share a socket, which needs a POSIX system",
            sys.platform,
            "leave out --workers, or use WSL",
        )
    return asyncio.run(keep(listener, plan, order, message))


async def keep(listener: socket.socket, plan: Any, order: Order, message: str) -> int:
    """Run the supervisor."""
    from gambrel.server.workers.child import Child
    from gambrel.server.workers.scoreboard import SLOTS, Scoreboard
    from gambrel.server.workers.supervisor import Supervisor

    board = Scoreboard.create()

    def spawn(name: str, is_first: bool) -> Child:
        taken = {child.slot for child in supervisor.workers.children}
        slot = next(slot for slot in range(SLOTS) if slot not in taken)
        board.clear(slot)
        board.open(slot)
        now = msgspec.structs.replace(order, slot=slot, is_first=is_first)
        descriptors = [listener.fileno(), board.descriptor]
        return Child(name, slot, WORKER, descriptors, msgspec.json.encode(now))

    def tell(line: str) -> None:
        click.echo(f"gambrel: {line}", err=True)

    supervisor = Supervisor(listener, plan, spawn, tell, lambda: click.echo(message))
    try:
        return await supervisor.run()
    finally:
        board.close()
