"""Tell a service manager how the server is, by the protocol of `sd_notify(3)`.

systemd names a socket in `NOTIFY_SOCKET` for units of `Type=notify`; elsewhere nothing is told.
"""

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

__all__ = ["Notifier"]


class Notifier:
    """Sends states to the service manager, where there is one.

    `interval` is how often `alive` is expected, in seconds; 0 where nobody waits for it.
    """

    def __init__(self, address: str = "", interval: float = 0.0) -> None:
        self.address = f"\0{address[1:]}" if address.startswith("@") else address
        self.interval = interval
        self._last = 0.0

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> "Notifier":
        """Return the one that this process was given."""
        address = environ.get("NOTIFY_SOCKET", "")
        for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "0")
        is_number = for_us and microseconds.isdecimal()
        return cls(address, int(microseconds) / 2e6 if is_number else 0.0)

    def ready(self) -> None:
        """The server serves."""
        self.send(f"READY=1\nMAINPID={os.getpid()}")

    def reloading(self) -> None:
        """Workers are being replaced; `ready` follows."""
        self.send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The server ends."""
        self.send("STOPPING=1")

    def alive(self) -> None:
        """The supervisor turns; sent as often as the manager wants it."""
        now = time.monotonic()
        if self.interval and now - self._last >= self.interval:
            self._last = now
            self.send("WATCHDOG=1")

    def send(self, state: str) -> None:
        """Send a state; a manager that does not listen is no reason to fail."""
        if self.address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(state.encode(), self.address)
