"""Accepting on a socket, which several processes may listen at, so that each gets its share.

The system wakes all of them, and whoever comes first could take everything (decision 19): so a
worker takes few connections a turn of its loop, and waits a moment while it is ahead of others.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

__all__ = ["Acceptor", "Alone", "Share"]

DEFERRED = 0.003
"""Seconds that a worker leaves a connection to those that have fewer."""
MOST = 64
"""Connections accepted in one turn of the loop."""
EXHAUSTED = 0.5
"""Seconds until the next attempt where descriptors or memory have run out."""

_OUT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_log = logging.getLogger("gambrel.server")


class Share(Protocol):
    """One worker's look at what the others have."""

    def lead(self, connections: int) -> int:
        """Note how many connections this worker has; return by how many it is ahead."""
        ...

    def leave(self) -> None:
        """Say that this worker accepts no more."""


class Alone:
    """The share of the only process: all there is."""

    def lead(self, connections: int) -> int:
        """Return that it is far behind the others, who do not exist."""
        return -MOST

    def leave(self) -> None:
        """Nobody has to know."""


class Acceptor:
    """Takes connections from `listener` and hands each to `connect`.

    `count()` tells how many this worker has. What `connect` returns is awaited by `spawn`.
    """

    def __init__(
        self,
        listener: socket.socket,
        share: Share,
        count: Callable[[], int],
        connect: Callable[[socket.socket], Coroutine[Any, Any, None]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.listener = listener
        self.share = share
        self.count = count
        self.connect = connect
        self.spawn = spawn
        self.patience = 1
        self.is_closed = False
        self._later: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to accept."""
        self.listener.setblocking(False)
        self.share.lead(self.count())
        self._listen()

    def close(self) -> None:
        """Accept no more, once those that have connected already are taken; free the socket."""
        self.is_closed = True
        if self._later is not None:
            self._later.cancel()
        else:
            self.loop.remove_reader(self.listener.fileno())
        self.share.leave()
        self._take(1024)
        self.listener.close()

    def turn(self) -> None:
        """Somebody has connected: it is for us, unless another worker has fewer connections."""
        lead = self.share.lead(self.count())
        if lead > 0:
            self._pause(DEFERRED, self._insist)
        else:
            self._take(min(MOST, max(1, -lead)))

    def _listen(self) -> None:
        self._later = None
        self.loop.add_reader(self.listener.fileno(), self.turn)

    def _pause(self, seconds: float, then: Callable[[], None]) -> None:
        self.loop.remove_reader(self.listener.fileno())
        self._later = self.loop.call_later(seconds, then)

    def _insist(self) -> None:
        """Take what the others have left; more every time, for they may have no time for it."""
        self._listen()
        taken = self._take(self.patience)
        self.patience = min(MOST, self.patience * 2) if taken == self.patience else 1

    def _take(self, most: int) -> int:
        """Accept up to `most` connections, and return how many there were."""
        for taken in range(most):
            try:
                client, _ = self.listener.accept()
            except (BlockingIOError, InterruptedError):
                return taken
            except OSError as error:
                if error.errno not in _OUT_OF:  # one client has left too early
                    continue
                _log.error("no connection can be accepted: %s", error.strerror)
                if self._later is None and not self.is_closed:
                    self._pause(EXHAUSTED, self._listen)
                return taken
            client.setblocking(False)
            self.spawn(self.connect(client))
        return most
