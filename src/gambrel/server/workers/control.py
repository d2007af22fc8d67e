"""The control socket: what the supervisor is asked and told by who may open a file.

A connection asks one thing: a line of JSON each way (`Ask`, `Answer`). The socket is a path, not a
port, and its mode is 0600: whoever runs the server, and nobody else, may reload, scale and stop it.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from time import monotonic
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.server.entry.socket_file import listen_on_path
from gambrel.server.listen import AS_IT_IS
from gambrel.server.workers.child import Child, memory_of
from gambrel.server.workers.group import Group
from gambrel.server.workers.scoreboard import MOST

__all__ = ["Answer", "Ask", "Status", "WorkerStatus", "control"]

LINE = 4096
"""Bytes of the longest question."""
SILENCE = 5.0
"""Seconds for a question to arrive."""


class Ask(Struct, forbid_unknown_fields=True):
    """What is to be done; `workers` is for `scale`, `now` for `stop`."""

    do: Literal["status", "reload", "scale", "stop"]
    workers: int = 0
    now: bool = False


class WorkerStatus(Struct):
    """A worker, or a process beside them: seconds since its start, bytes of memory, its answers."""

    name: str
    pid: int
    state: str
    seconds: float
    requests: int
    connections: int
    busy: int
    memory: int


class Status(Struct):
    """The server: seconds since its start, how many workers are wanted, and those there are."""

    pid: int
    seconds: float
    wanted: int
    is_stopping: bool
    workers: list[WorkerStatus]


class Answer(Struct):
    """What has come of it: `failure` is empty where it was done."""

    failure: str
    status: Status


class Controlled(Protocol):
    """The supervisor, as its control socket uses it."""

    workers: Group
    started: float
    is_stopping: bool

    @property
    def everybody(self) -> list[Child]:
        """Every process there is."""
        ...

    async def reload(self) -> str:
        """Replace every worker; return what has failed."""
        ...

    async def scale(self, workers: int) -> str:
        """Have another number of workers; return what has failed."""
        ...

    def stop(self, *, now: bool = False) -> None:
        """Let everybody finish, or end `now`."""


@asynccontextmanager
async def control(path: str, supervisor: Controlled) -> AsyncIterator[None]:
    """Answer at a path while the block runs.

    Raises:
        GambrelError: A server answers there already, or the path cannot be used.
    """
    open_ones: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        try:
            writer.write(msgspec.json.encode(await answer(reader, supervisor)) + b"\n")
            await writer.drain()
            if supervisor.is_stopping:  # the end of the connection tells that of the server
                await reader.read(1)  # returns where they leave, or say what nobody has asked for
        except OSError:
            pass
        finally:
            open_ones.discard(writer)
            writer.close()

    with listen(path) as listener:
        server = await asyncio.start_unix_server(serve, sock=listener, limit=LINE, **AS_IT_IS)
        try:
            yield
        finally:
            server.close()
            for writer in open_ones:
                writer.transport.abort()


async def answer(reader: asyncio.StreamReader, supervisor: Controlled) -> Answer:
    """Read a question, do it, and return the answer."""
    failure = """that is no question: a line of JSON such as {"do": "status"}"""
    try:
        line = await asyncio.wait_for(reader.readline(), SILENCE)
        ask = msgspec.json.decode(line, type=Ask)
    except (TimeoutError, ValueError, msgspec.MsgspecError):
        pass
    else:
        failure = await do(ask, supervisor)
    return Answer(failure, status_of(supervisor))


async def do(ask: Ask, supervisor: Controlled) -> str:
    """Do what is asked; return what has failed."""
    if ask.do == "status":
        return ""
    if ask.do == "stop":
        supervisor.stop(now=ask.now)
        return ""
    if supervisor.is_stopping:
        return "the server is being stopped"
    if ask.do == "reload":
        return await supervisor.reload()
    if not 1 <= ask.workers <= MOST:
        return f"there cannot be {ask.workers} workers, but 1 to {MOST}"
    return await supervisor.scale(ask.workers)


def status_of(supervisor: Controlled) -> Status:
    """Return how everybody is."""
    return Status(
        os.getpid(),
        round(monotonic() - supervisor.started, 1),
        supervisor.workers.wanted,
        supervisor.is_stopping,
        [worker_status(child) for child in supervisor.everybody],
    )


def worker_status(child: Child) -> WorkerStatus:
    """Return how one process is."""
    beat = child.beat
    return WorkerStatus(
        child.name,
        child.pid,
        str(child.state),
        round(monotonic() - child.started, 1),
        beat.requests,
        beat.connections,
        beat.busy,
        memory_of(child.pid) or 0,
    )


@contextmanager
def listen(path: str) -> Iterator[socket.socket]:
    """Listen at a path that only its owner may use. Raises GambrelError."""
    with ExitStack() as opened:
        try:
            listener = opened.enter_context(listen_on_path(path, backlog=16, mode=0o600))
        except GambrelError as error:
            what = f"the control socket cannot be made: {error.what}"
            hint = "name a free path in a folder of yours, of at most 100 characters"
            raise GambrelError("server.control", what, path, hint) from None
        yield listener
