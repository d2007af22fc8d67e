"""The process that serves: the native server on a shared socket, and its reports to the supervisor.

Whoever starts it has loaded the app. It accepts once that is open, says so, and ends when it is
told to, or when the supervisor has gone.
"""

import asyncio
import faulthandler
import signal
import socket
from collections.abc import Callable
from typing import Any

from gambrel.core.http.errors import GambrelError
from gambrel.core.http.request import Request
from gambrel.server.entry.taking import TakingServer
from gambrel.server.serve import Accepting, loop_factory, start_up_failed
from gambrel.server.state import ServerState
from gambrel.server.workers.link import Link
from gambrel.server.workers.messages import Beat, Hasten, Ready, ToWorker
from gambrel.server.workers.scoreboard import Share

__all__ = ["BEAT", "LAST_SECONDS", "WorkerServer", "run_worker"]

BEAT = 1.0
"""Seconds between two signs of life."""
LAST_SECONDS = 5.0
"""Seconds after the grace until a process that does not end is ended."""


class WorkerServer(TakingServer):
    """A server that shares its socket with others, and counts its requests."""

    def __init__(
        self, app: Any, listener: socket.socket, link: Link, share: Share, **options: Any
    ) -> None:
        super().__init__(app, listener, share=share, **options)
        self.link = link
        self.requests = 0

    # Serving ----------------------------------------------------------------------------------

    async def accept(self, loop: asyncio.AbstractEventLoop, state: ServerState) -> Accepting:
        """Start to accept this worker's share of the connections."""
        entrance = state.entrance

        def counted(request: Request) -> None:
            self.requests += 1
            entrance(request)

        state.entrance = state.enter = counted
        return await super().accept(loop, state)

    @property
    def grace(self) -> float:
        """Seconds that stopping takes at most."""
        return self.limits.shutdown_delay + self.limits.shutdown_grace

    # Reports ----------------------------------------------------------------------------------

    def beat(self) -> None:
        """Tell the supervisor that the loop turns, and again in a second."""
        busy = self.state.busy if self.state is not None else 0
        self.link.send(Beat(self.requests, self.count(), busy))
        if self.is_started and not self.is_stopping:
            self.share.lead(self.count())
        asyncio.get_running_loop().call_later(BEAT, self.beat)

    def hear(self, message: ToWorker) -> None:
        """Do what the supervisor asks."""
        self.stop(now=isinstance(message, Hasten))


async def serve_worker(server: WorkerServer, opened: Callable[[], object]) -> None:
    """Serve until told to stop, or by SIGTERM; a terminal's SIGINT is for the supervisor."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, server.stop)
    grace = server.grace + LAST_SECONDS
    server.link.follow(
        lambda message: loop.call_soon_threadsafe(server.hear, message),
        grace,
        lambda: loop.call_soon_threadsafe(server.stop),
    )

    def tell() -> None:
        opened()
        server.link.send(Ready(server.grace))

    server.beat()
    try:
        await server.run(tell)
    except Exception as error:
        if server.is_started or isinstance(error, GambrelError):
            raise
        raise start_up_failed(error) from error
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def run_worker(server: WorkerServer, opened: Callable[[], object], loop: str = "auto") -> None:
    """Serve in this process, on a loop of its own; `opened` is called once it does.

    SIGUSR1 prints the stack of every thread. Raises GambrelError where the app does not start.
    """
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        runner.run(serve_worker(server, opened))
