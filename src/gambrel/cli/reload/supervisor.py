"""The process that stays: it has the socket, watches the files and exchanges the workers.

A spare worker has everything imported but the app, so that a reload costs what importing it costs.
"""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

from gambrel.cli.built import ephemeral_secret
from gambrel.cli.reload.watching import changes, is_shown
from gambrel.cli.reload.worker import AGAIN, REFUSED

__all__ = ["Worker", "supervise"]

GRACE = 2.0
"""Seconds that a worker has to end after SIGTERM."""


class Worker:
    """A process that serves the app once it is told to; until then it only warms up."""

    def __init__(
        self, target: str, listener: socket.socket, secret: str, certificate: Path | None
    ) -> None:
        self.secret = secret
        reader, self._writer = os.pipe()
        fds = (listener.fileno(), reader)
        given = [target, *map(str, fds), *([str(certificate)] if certificate else ())]
        command = [sys.executable, "-P", "-m", "gambrel.cli.reload.worker", *given]
        with sigint_ignored():
            self._process = subprocess.Popen(command, pass_fds=fds)  # noqa: S603 - ourselves
        os.close(reader)

    @property
    def exit_code(self) -> int | None:
        """How the process ended; None while it lives."""
        return self._process.poll()

    def start(self, message: str, ended: str = "") -> None:
        """Let it import the app and serve; it writes `message` when it does.

        With `ended` it serves that text as the error instead.
        """
        with suppress(BrokenPipeError):
            os.write(self._writer, f"{self.secret}\n{message}\n{ended}\n".encode())

    def tell(self, news: str) -> None:
        """Tell it of changes that it can go on with (`styles`, `pages`), or of its end."""
        with suppress(OSError):
            os.write(self._writer, f"{news}\n".encode())

    def stop(self) -> None:
        """End it: politely, then not."""
        self.tell("end")
        self._process.terminate()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._writer)


@contextmanager
def sigint_ignored() -> Iterator[None]:
    """Ignore SIGINT for a moment: a process made meanwhile leaves Ctrl-C to this one."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Stopping:
    """Whether a signal has asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.ask)

    def ask(self, *_signal: object) -> None:
        """Stop at the next tick."""
        self.asked = True

    def is_asked(self) -> bool:
        """Return whether to stop."""
        return self.asked


def supervise(
    target: str, listener: socket.socket, folders: list[Path], certificate: Path | None = None
) -> int:
    """Keep a worker serving the newest state of the files; return the exit code.

    With `certificate`, which has its key in the same file, it speaks TLS.
    """
    make = partial(Worker, target, listener, ephemeral_secret().reveal(), certificate)
    stopping = Stopping()
    found = changes(folders, stopping.is_asked)
    worker, spare = make(), make()
    worker.start("")
    has_ended = False
    try:
        for changed in found:
            if stopping.asked:
                return 0
            code = worker.exit_code
            is_mended = code == AGAIN
            if not changed and (code is None or (has_ended and not is_mended)):
                continue
            if not changed and code == REFUSED:
                return 1
            if changed and code is None and all(is_shown(path.name) for path in changed):
                are_styles = all(path.suffix == ".css" for path in changed)
                worker.tell("styles" if are_styles else "pages")
                continue
            worker.stop()
            worker, spare = spare, make()
            has_ended = not changed and not is_mended
            if not has_ended:
                click.echo(f"{names(changed) or 'a file'} changed: reloading")
                forget_bytecode(changed)
                worker.start("ready")
            else:
                worker.start("", f"the process of the app ended with exit code {code}")
        return 0
    finally:
        worker.stop()
        spare.stop()


def names(changed: set[Path]) -> str:
    """Return the names of files for one line."""
    found = sorted({path.name for path in changed})
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")


def forget_bytecode(changed: set[Path]) -> None:
    """Remove compiled files: Python compares times in whole seconds, and we save twice in one."""
    for path in changed:
        if path.suffix == ".py":
            with suppress(OSError, NotImplementedError):
                Path(importlib.util.cache_from_source(str(path))).unlink()
