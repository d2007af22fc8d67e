"""`gambrel run --workers N`: this process becomes the supervisor, which loads no app."""

import asyncio
import errno
import os
import socket
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from gambrel import GambrelError
from gambrel.cli.serving.beside import Task
from gambrel.cli.serving.process import become, detach, pid_file
from gambrel.cli.serving.supervision import CONTROL, Ways
from gambrel.cli.serving.telling import say
from gambrel.cli.serving.worker import Order
from gambrel.sinks import Sink

__all__ = ["supervise"]

PYTHON = [sys.executable, "-P", "-m"]
WORKER = [*PYTHON, "gambrel.cli.serving.worker"]
SHARED = "GAMBREL_SHARED_FOLDER"
"""Names a folder for what the workers have in common, their figures for instance."""
BESIDE = [*PYTHON, "gambrel.cli.serving.beside"]


def supervise(listener: socket.socket, plan: Any, order: Order, message: str, ways: Ways) -> int:
    """Keep workers serving until a signal asks to stop; return the exit code.

    `message` is written once all of them serve. Raises GambrelError where there are no workers, or
    the process cannot run in the ways that are asked for.
    """
    if os.name != "posix":
        raise GambrelError(
            "server.workers",
            "several workers share a socket, which needs a POSIX system",
            sys.platform,
            "leave out --workers, or use WSL",
        )
    if ways.control:  # who runs here may ask its own supervisor
        os.environ[CONTROL] = os.path.abspath(ways.control)  # noqa: PTH100 - to start
    settle = detach(ways.log_file) if ways.daemon else None
    with pid_file(ways.pid_file):
        return asyncio.run(keep(listener, plan, order, ways, partial(opened, message, settle)))


def opened(message: str, settle: Callable[[str], None] | None) -> None:
    """All workers serve: say so, to whoever waits for the process in the background, too."""
    say(message)
    if settle is not None:
        settle(message)


async def keep(
    listener: socket.socket, plan: Any, order: Order, ways: Ways, opened: Callable[[], None]
) -> int:
    """Run the supervisor."""
    from gambrel.server.notify import Notifier
    from gambrel.server.workers.child import Child
    from gambrel.server.workers.control import control
    from gambrel.server.workers.scoreboard import SLOTS, Scoreboard
    from gambrel.server.workers.supervisor import Supervisor

    board = Scoreboard.create()

    def spawn(name: str, is_first: bool) -> Child:
        taken = {child.slot for child in supervisor.workers.children}
        slot = next((slot for slot in range(SLOTS) if slot not in taken), SLOTS)
        if slot == SLOTS:
            raise OSError(errno.EAGAIN, "too many workers are still ending")
        board.clear(slot)
        board.open(slot)
        now = msgspec.structs.replace(order, slot=slot, is_first=is_first, process=ways.process)
        descriptors = [listener.fileno(), board.descriptor]
        return Child(name, slot, WORKER, descriptors, msgspec.json.encode(now))

    def spawn_beside(line: str, name: str) -> Child:
        return Child(
            name, -1, BESIDE, [], msgspec.json.encode(Task(order.target, line, order.secret))
        )

    sink = Sink(str, lambda lost: f"({lost} lines are missing)", sys.stderr, delay=0)

    def tell(line: str) -> None:  # whose reader may have stopped reading
        sink.put(f"gambrel: {line}")

    supervisor = Supervisor(listener, plan, spawn, tell, opened, Notifier.of_environment())
    supervisor.ahead = [partial(spawn_beside, line, line) for line in ways.before]
    for line, number in Counter(ways.process).items():
        supervisor.keep_beside(line, number, partial(spawn_beside, line))
    name = listener.getsockname()
    try:
        become(ways.user, ways.group, [] if isinstance(name, tuple) else [os.fsdecode(name)])
        answering: Any = control(ways.control, supervisor) if ways.control else nullcontext()
        with TemporaryDirectory(prefix="gambrel-") as folder:  # of the user that all run as
            os.environ.setdefault(SHARED, folder)
            async with answering:
                return await supervisor.run()
    finally:
        board.close()
        sink.close()
