"""A command in a process of its own: its lines as they come, requests to it, and how it ended."""

import http.client
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence

PATIENCE = 60.0


# What systemd does: sockets from descriptor 3 on, and the process they are for named.
HAND_OVER = """
import fcntl, os, sys
count = int(sys.argv.pop(1))
opened = [fcntl.fcntl(int(sys.argv.pop(1)), fcntl.F_DUPFD, 32) for _ in range(count)]
for number, descriptor in enumerate(opened, 3):
    os.dup2(descriptor, number)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count)}
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Started:
    """A running `gambrel ARGS…`; every wait ends after `PATIENCE` seconds.

    `sockets` are handed over to it, as a service manager does.
    """

    def __init__(
        self, args: list[str], environ: Mapping[str, str], sockets: Sequence[socket.socket] = ()
    ) -> None:
        descriptors = [one.fileno() for one in sockets]
        handing = ["-c", HAND_OVER, str(len(sockets)), *map(str, descriptors)] if sockets else []
        self.process = subprocess.Popen(
            [sys.executable, *handing, "-m", "gambrel.cli.main", *args],
            pass_fds=descriptors,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environ},
        )
        self.seen: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self, pattern: str) -> re.Match[str]:
        """Wait for a line in which a pattern is found."""
        while (line := self._lines.get(timeout=PATIENCE)) is not None:
            self.seen.append(line)
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"no line with {pattern!r} in:\n" + "\n".join(self.seen))

    def port(self) -> int:
        """Wait for the address, and return its port."""
        return int(self.line(r"http://\S+:(\d+)")[1])

    def end(self, number: signal.Signals | None = signal.SIGTERM) -> int:
        """Send a signal, unless it ends by itself, and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._lines.empty():
            self.seen += filter(None, [self._lines.get()])
        return code

    @property
    def is_silent(self) -> bool:
        """Whether nobody has its output open any more: it, and all it has started, have ended."""
        return not self._reader.is_alive()

    @property
    def output(self) -> str:
        """All that was written, once it has ended."""
        return "\n".join(self.seen)

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        assert self.process.stdout is not None
        self._reader.join(PATIENCE)
        self.process.stdout.close()
        while not self._lines.empty():
            self.seen += filter(None, [self._lines.get()])
        sys.stdout.write(f"{self.output}\n")  # shown where the test has failed


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def get(port: int, path: str = "/", **headers: str) -> tuple[int, str]:
    """Return status and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def get_once_open(port: int, path: str) -> tuple[int, str]:
    """Return status and text of an answer, from a server that does not say when it listens."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return get(port, path)
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
            threading.Event().wait(0.05)
