"""The process of one `gambrel run --process COMMAND`: a command of the app that goes on.

It is started by the supervisor with a descriptor of the channel to it; the first line on that is a
`Task`. When it is asked to end, the command is cancelled as Ctrl+C does it, and may clean up;
asked again, it is left alone, unless that must be at once.
"""

import faulthandler
import os
import shlex
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click
import msgspec
from msgspec import Struct

from gambrel import App, GambrelError
from gambrel.cli.app_commands import commands_by_name
from gambrel.cli.failures import tell
from gambrel.cli.serving.safety import build_safely
from gambrel.cli.target import load_app

__all__ = ["Task", "main", "prepare"]

LAST_SECONDS = 5.0
"""Seconds after the grace until a command that does not end is ended."""


class Task(Struct, frozen=True):
    """Which app, which command line, and the secret that the workers sign with."""

    target: str
    line: str
    secret: str


def main(channel_fd: str) -> None:
    """Run the command as the supervisor says; exit code 0 where it was asked to end."""
    from gambrel.server.workers.link import Link, adopt

    link = Link(adopt(int(channel_fd)))
    given = link.read_order()
    if given is None:  # the supervisor has ended already
        link.channel.close()
        return
    try:
        sys.exit(run(msgspec.convert(given, Task), link))
    except GambrelError as error:
        tell(error)
        sys.exit(1)


def run(task: Task, link: Any) -> int:
    """Run the command until it ends, or is asked to; return the exit code. Raises GambrelError."""
    from gambrel.server.workers.messages import Hasten, Ready, ToWorker

    app = load_app(task.target)
    build_safely(app, None, task.secret)
    run_it = prepare(app, task.line)
    grace = app.settings.core.shutdown_grace
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, interrupt_once)

    def hear(message: ToWorker) -> None:
        os.kill(os.getpid(), signal.SIGINT if isinstance(message, Hasten) else signal.SIGTERM)

    link.follow(hear, grace + LAST_SECONDS, lambda: os.kill(os.getpid(), signal.SIGTERM))
    link.send(Ready(grace, beats=False))
    with suppress(KeyboardInterrupt):
        return run_it()
    return 0


def interrupt_once(*_signal: object) -> None:
    """Interrupt the command; a service manager and the supervisor may both ask for it."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.raise_signal(signal.SIGINT)


def prepare(app: App, line: str) -> Callable[[], int]:
    """Return what runs a command line of the app. Raises GambrelError where it names no command."""
    commands = commands_by_name(app)
    name, *args = shlex.split(line) or [""]
    if name not in commands:
        hint = f"name one of: {', '.join(commands) or '(none)'}; @app.command adds one"
        if name == "db":
            hint = "`gambrel db up` goes before this command, or GAMBREL_DATABASE__MIGRATE=true"
        what, where = f"the app has no command {name!r}", f"--before or --process {line!r}"
        raise GambrelError("cli.no-command", what, where, hint)

    def run_it() -> int:
        try:
            code = commands[name].main(args, prog_name=name, standalone_mode=False)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            return 0
        return code if isinstance(code, int) else 0

    return run_it


if __name__ == "__main__":
    main(*sys.argv[1:])
