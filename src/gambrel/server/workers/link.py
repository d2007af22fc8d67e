"""A process's end of the socket pair that its supervisor holds the other end of.

It is read in a thread, so that the end of the supervisor is noticed even by a process whose event
loop is blocked. Nothing is waited for when sending.
"""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from gambrel.server.workers.messages import Lines, ToWorker, decode_to_worker, encode

__all__ = ["Link", "adopt"]

UNSENT = 256 * 1024
"""Bytes kept for a supervisor that does not read; what comes then is dropped."""


def adopt(descriptor: int) -> socket.socket:
    """Return the inherited socket; processes that are started from here do not inherit it."""
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)


class Link:
    """Messages from and to the supervisor."""

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self._lines = Lines()
        self._first: list[bytes] = []
        self._unsent = b""

    def read_order(self) -> Any:
        """Wait for the first line, which tells what to do; None where the supervisor has gone."""
        while not self._first:
            data = self.channel.recv(65_536)
            if not data:
                return None
            self._first += self._lines.feed(data)
        return msgspec.json.decode(self._first.pop(0))

    def follow(
        self, hear: Callable[[ToWorker], object], grace: float, lost: Callable[[], object]
    ) -> None:
        """Call `hear` in a thread for each message, and `lost` when the supervisor has gone.

        `grace` seconds after that, this process ends, whatever it is doing.
        """

        def read() -> None:
            with suppress(OSError, RuntimeError, ValueError, msgspec.MsgspecError):
                for line in self._first:
                    hear(decode_to_worker(line))
                while data := self.channel.recv(65_536):
                    for line in self._lines.feed(data):
                        hear(decode_to_worker(line))
            with suppress(RuntimeError):  # the loop is closed: this process is about to end
                lost()
            threading.Event().wait(grace)
            os._exit(1)

        threading.Thread(target=read, name="gambrel-link", daemon=True).start()

    def send(self, message: msgspec.Struct) -> None:
        """Send a message, as far as the supervisor reads."""
        if len(self._unsent) < UNSENT:
            self._unsent += encode(message)
        with suppress(OSError):  # it is busy, or has gone; the thread finds out
            sent = self.channel.send(self._unsent, socket.MSG_DONTWAIT)
            self._unsent = self._unsent[sent:]
