"""A WebSocket on a connection of this server: its frames, and its place among the connections.

How a connection becomes one is in `upgrade`, what is done with frames in `gambrel.frames`.
"""

import random
from typing import Any

from picows import WSTransport

from gambrel.frames.deflate import Deflated, Terms
from gambrel.frames.listener import Frames, Session

__all__ = ["DeflatedSocket", "Session", "Socket"]

_SPREAD = 5.0
"""Seconds over which the clients of a stopping server are asked to come again."""


class Socket(Frames):
    """The frames of one connection of the server."""

    __slots__ = ("line", "state", "stuck", "unread")

    exchange = None
    is_idle = is_new = False

    def __init__(self, line: Any, session: Session) -> None:
        super().__init__(session)
        self.line = line
        self.state = line.state
        self.stuck = 0.0
        self.unread = 0
        self.state.connections.add(self)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is answered."""
        super().on_ws_connected(transport)
        if self.state.is_draining:  # the handshake was under way when the others were told
            self.drain()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is closed."""
        self.state.connections.discard(self)
        super().on_ws_disconnected(transport)
        self.line.connection_lost(None)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.stuck = 0.0
        super().resume_writing()

    # The server's connection --------------------------------------------------------------------

    def tick(self, now: float, passed: float) -> None:  # type: ignore[override]  # of a connection
        """Give up a client that does not answer, or read."""
        if not self.is_closing and self.is_stuck(passed):
            self.abort()
        else:
            super().tick(passed)

    def is_stuck(self, passed: float) -> bool:
        """Tell whether the client has read slower than `body_rate` for the write time-out."""
        limits = self.state.limits
        unread: int = self.unread
        self.unread = self.unsent
        if self.is_writable or unread - self.unread >= limits.body_rate * passed:
            self.stuck = 0.0
        else:
            self.stuck += passed
        return bool(self.stuck > limits.write_timeout)

    def drain(self) -> None:
        """The server stops: close, and tell when to come again."""
        seconds = random.uniform(0, _SPREAD)  # noqa: S311 - to spread load
        self.session.begin_close(1012, f"restarting; retry-after={seconds:.1f}")

    def end_events(self) -> None:
        """Not a stream of events."""


class DeflatedSocket(Deflated, Socket):
    """A socket whose messages may be compressed, either way."""

    __slots__ = ("bits", "deflated")

    def __init__(self, line: Any, session: Session, terms: Terms) -> None:
        super().__init__(line, session)
        self.agree(terms)
