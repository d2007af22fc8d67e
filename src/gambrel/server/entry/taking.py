"""`TakingServer`: accepts by itself, where others share its socket or a header comes first.

The command line makes one for `--proxy-protocol`; a worker is one. Other servers leave it to the
loop, which accepts for less.
"""

import asyncio
import socket
from typing import Any

from gambrel.server.entry.accepting import Acceptor, Alone, Share
from gambrel.server.entry.gate import ProxyGate
from gambrel.server.serve import FIRST_REQUEST, Accepting, Server
from gambrel.server.state import ServerState

__all__ = ["TakingServer"]


class TakingServer(Server):
    """A server whose connections pass a gate, if there is one, and are its share of them all."""

    def __init__(
        self,
        app: Any,
        listener: socket.socket,
        *,
        gate: ProxyGate | None = None,
        share: Share | None = None,
        **options: Any,
    ) -> None:
        super().__init__(app, listener, **options)
        self.gate = gate
        self.share = share or Alone()
        self._arriving: set[asyncio.Task[Any] | None] = set()

    async def accept(self, loop: asyncio.AbstractEventLoop, state: ServerState) -> Accepting:
        """Start to accept this server's share of the connections."""
        make, options = self.connection_of(state), self.tls_options()

        async def connect(client: socket.socket) -> None:
            task = asyncio.current_task()
            self._arriving.add(task)
            try:
                if self.count() > self.limits.connections:
                    raise ConnectionRefusedError
                made = make if self.gate is None else await self.gate.admit(client, make)
                await loop.connect_accepted_socket(made, client, **options)
            except BaseException as error:
                client.close()
                if not isinstance(error, OSError):  # it has left, or speaks as nobody should
                    raise
            finally:
                self._arriving.discard(task)

        acceptor = Acceptor(self.listener, self.share, self.count, connect, state.spawn)
        acceptor.start()
        return acceptor

    def count(self) -> int:
        """Return how many connections are open."""
        return len(self._arriving) + (len(self.state.connections) if self.state is not None else 0)

    async def drain(self, state: ServerState) -> None:
        """Let requests in flight end, and wait no longer for who has not even come in."""
        moment = max(FIRST_REQUEST, self.limits.idle_grace)
        handle = state.loop.call_later(moment, self.turn_away)
        await super().drain(state)
        handle.cancel()

    def turn_away(self) -> None:
        """Close what is still at the gate, or shakes hands."""
        for task in tuple(self._arriving):
            if task is not None:
                task.cancel()
