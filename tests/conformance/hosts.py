"""The servers under test: each is started once, as users start it, and stopped with SIGTERM."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.wire import PATIENCE, Answer, Wire, connected, message

ROOT = Path(__file__).parents[2]
APP = "tests.conformance.app:app"
HOSTS = ("native", "uvicorn", "hypercorn", "granian")
UVICORN = ["-m", "uvicorn", APP, "--no-access-log", "--no-server-header", "--no-proxy-headers"]
NATIVE = """
import socket, sys
from gambrel.server.serve import run
from tests.conformance.app import app
run(app, socket.socket(fileno=int(sys.argv[1])))
"""


@dataclass
class Host:
    """A running server."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    log_path: Path
    files: Path
    stack: ExitStack = field(default_factory=ExitStack)
    line: Wire | None = None

    def connect(self) -> AbstractContextManager[Wire]:
        """Return a connection, for a `with` block."""
        return connected(self.port)

    def ask(self, *data: bytes, method: str = "GET") -> Answer:
        """Send bytes on a connection of their own; return the first response."""
        with connected(self.port) as wire:
            for piece in data:
                wire.send(piece)
            return wire.answer(method)

    def get(self, target: str, *headers: str) -> Answer:
        return self.ask(message(target, "GET", headers))

    def told(self, path: str) -> Answer:
        """Ask the app about itself, on a connection that is kept for it."""
        for wire in (self.line, None):
            with suppress(OSError, EOFError):
                if wire is None:
                    wire = self.line = self.stack.enter_context(connected(self.port))
                wire.send(message(path))
                return wire.answer()
        raise AssertionError(f"{self.name} does not answer any more:\n{self.log[-2000:]}")

    @property
    def seen(self) -> int:
        """How many requests have passed the middleware of the app."""
        return int(self.told("/seen").text)

    def wait_for(self, event: str) -> list[str]:
        """Return the events of the app once `event` is one of them."""
        until = time.monotonic() + PATIENCE
        while event not in (events := self.told("/events").json):
            assert time.monotonic() < until, (event, events[-20:])
            time.sleep(0.01)
        return list(events)

    def wait_for_start(self, start: str) -> list[str]:
        """The same for the beginning of an event."""
        until = time.monotonic() + PATIENCE
        while not any(event.startswith(start) for event in self.told("/events").json):
            assert time.monotonic() < until, start
            time.sleep(0.01)
        return list(self.told("/events").json)

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def logged(self, token: str) -> list[str]:
        """Return the lines of the log that hold a token, once there is one."""
        until = time.monotonic() + PATIENCE
        while token not in self.log:
            assert time.monotonic() < until, f"{token} is not in the log"
            time.sleep(0.01)
        time.sleep(0.1)  # a second report would follow the first
        return [line for line in self.log.splitlines() if token in line]


def is_installed(name: str) -> bool:
    return name == "native" or importlib.util.find_spec(name) is not None


def command(name: str, port: int, descriptor: int) -> list[str]:
    """Return the command line that serves the app."""
    options = {
        "native": ["-c", NATIVE, str(descriptor)],
        "uvicorn": [*UVICORN, f"--port={port}"],
        "hypercorn": ["-m", "hypercorn", APP, f"--bind=127.0.0.1:{port}"],
        "granian": ["-m", "granian", APP, "--interface=asgi", f"--port={port}"],
    }
    return [sys.executable, *options[name]]


def start(name: str, folder: Path) -> Host:
    """Start a server; `wait_until_it_answers` comes later, so that they start side by side."""
    listener = socket.create_server(("127.0.0.1", 0))
    port, descriptor = listener.getsockname()[1], listener.fileno()
    log_path = folder / f"{name}.log"
    environ = {**os.environ, "CONFORMANCE_FILES": str(folder), "PYTHONPATH": f"{ROOT}/src:{ROOT}"}
    if name != "native":
        listener.close()  # they open their own; nobody else is given this port so soon
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command(name, port, descriptor),
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environ,
            pass_fds=[descriptor] if name == "native" else [],
        )
    listener.close()
    return Host(name, port, process, log_path, folder)


def wait_until_it_answers(host: Host) -> None:
    until = time.monotonic() + 4 * PATIENCE
    while not answers(host):
        assert host.process.poll() is None, f"{host.name} did not start:\n{host.log}"
        assert time.monotonic() < until, f"{host.name} does not answer:\n{host.log}"
        time.sleep(0.02)


def answers(host: Host) -> bool:
    try:
        return host.get("/ping").text == "pong"
    except (OSError, EOFError):
        return False


def stop(host: Host) -> int:
    """Ask a server to stop; return its exit code."""
    host.stack.close()
    host.process.send_signal(signal.SIGTERM)
    return host.process.wait(PATIENCE)
