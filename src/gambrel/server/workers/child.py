"""`Child`: a process that the supervisor has started, as the supervisor sees it."""

import asyncio
import math
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, suppress
from enum import StrEnum
from pathlib import Path
from time import monotonic

import msgspec

from gambrel.server.workers.messages import (
    Beat,
    Drain,
    FromWorker,
    Lines,
    Ready,
    ToWorker,
    decode_from_worker,
    encode,
)

__all__ = ["Child", "State", "describe_exit", "memory_of"]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class State(StrEnum):
    """Where a process is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    ENDED = "ended"


class Child:
    """A started process and the channel to it.

    `changed` is called when it becomes ready, says something, or seems to have ended. Raises
    OSError where no process can be started.
    """

    def __init__(
        self, name: str, slot: int, command: list[str], descriptors: list[int], order: bytes
    ) -> None:
        self.name = name
        self.slot = slot
        self.state = State.STARTING
        self.started = self.heard = monotonic()
        self.ready_at = 0.0
        self.drained_at = 0.0
        self.ready: Ready | None = None
        self.beat = Beat()
        self.reason = ""
        self.spent = ""
        self.request_limit = 0
        self.busy_told = -math.inf
        self.changed: Callable[[], object] = lambda: None
        self._lines = Lines()
        self.channel, theirs = socket.socketpair()
        with theirs, ExitStack() as failure:
            failure.callback(self.channel.close)
            fds = (*descriptors, theirs.fileno())
            # A group of its own: Ctrl-C in a terminal is for the supervisor.
            self.process = subprocess.Popen(  # noqa: S603 - ourselves, or what the app declares
                [*command, *map(str, fds)], pass_fds=fds, process_group=0, stdin=subprocess.DEVNULL
            )
            failure.pop_all()
        self.pid = self.process.pid
        self.channel.setblocking(False)
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.channel.fileno(), self._receive)
        self._write(order + b"\n")

    def __str__(self) -> str:
        return f"{self.name} (pid {self.pid})"

    # The channel ------------------------------------------------------------------------------

    def _receive(self) -> None:
        try:
            data = self.channel.recv(65_536)
            for line in self._lines.feed(data):
                self._hear(decode_from_worker(line))
        except (BlockingIOError, InterruptedError):
            return
        except (ValueError, msgspec.MsgspecError) as error:
            self.reason = f"it said what is no message: {error}"
            self.kill()
            data = b""
        except OSError:
            data = b""
        if not data:
            self.loop.remove_reader(self.channel.fileno())
            self.changed()

    def _hear(self, message: FromWorker) -> None:
        self.heard = monotonic()
        if isinstance(message, Beat):
            self.beat = message
        elif self.state is State.STARTING:
            self.ready = message
            self.ready_at = self.heard
            self.state = State.READY
            self.changed()

    def send(self, message: ToWorker) -> None:
        """Tell it something; one that does not read is not waited for."""
        self._write(encode(message))

    def _write(self, data: bytes) -> None:
        with suppress(OSError):  # it has gone, or is stuck: both are noticed elsewhere
            self.channel.send(data)

    # Its end ----------------------------------------------------------------------------------

    def drain(self) -> None:
        """Ask it to finish, once; one that has not begun may end at once."""
        if self.state in {State.DRAINING, State.ENDED}:
            return
        if self.state is State.STARTING:
            self.signal(signal.SIGTERM)
        self.send(Drain())
        self.state = State.DRAINING
        self.drained_at = monotonic()

    def kill(self) -> None:
        """End it at once."""
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it lives."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    def has_ended(self) -> bool:
        """Look whether the process has ended, and free what belongs to it the first time."""
        if self.state is not State.ENDED and self.process.poll() is not None:
            self.state = State.ENDED
            self.reason = self.reason or describe_exit(self.process.returncode)
            self.loop.remove_reader(self.channel.fileno())
            self.channel.close()
        return self.state is State.ENDED

    @property
    def beats(self) -> bool:
        """Whether it does its work and tells so each second, so that silence means something."""
        return self.state is State.READY and self.ready is not None and self.ready.beats

    @property
    def grace(self) -> float:
        """Seconds that ending takes at most, once it is asked to."""
        return self.ready.grace if self.ready is not None else 0.0

    @property
    def worked(self) -> float:
        """Seconds since it has become ready, 0 where it never has."""
        return monotonic() - self.ready_at if self.ready_at else 0.0


def describe_exit(code: int) -> str:
    """Return how a process has ended, in words."""
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


def memory_of(pid: int) -> int | None:
    """Return the resident memory of a process in bytes, None where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):
        return None
