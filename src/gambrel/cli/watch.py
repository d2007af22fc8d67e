"""`gambrel watch`: run any program, and anew whenever a file is saved; it need not be an app."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click

from gambrel.cli.dev import outermost
from gambrel.cli.reload.supervisor import Stopping, names
from gambrel.cli.reload.watching import changes, is_shown

__all__ = ["command"]

GRACE = 5.0
"""Seconds that a program has to end after SIGTERM."""


class Program:
    """A running program, with all that it has started."""

    def __init__(self, line: tuple[str, ...]) -> None:
        program = [sys.executable, *line] if line[0].endswith(".py") else list(line)
        # A group of its own: Ctrl-C is for us, and the end is for whatever it has started.
        self.process = subprocess.Popen(program, process_group=0, stdin=subprocess.DEVNULL)  # noqa: S603 - as asked

    def has_ended(self) -> bool:
        """Tell whether it has ended."""
        return self.process.poll() is not None

    def end(self) -> None:
        """End it: politely, then not."""
        self.signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        self.signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Tell it, and whatever it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


@click.command("watch", context_settings={"allow_interspersed_args": False})
@click.option(
    "--folder",
    "folders",
    multiple=True,
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Watch this folder, not the working directory; may be repeated.",
)
@click.argument("program", nargs=-1, required=True)
def command(folders: tuple[Path, ...], program: tuple[str, ...]) -> None:
    """Run PROGRAM (worker.py) with its arguments, and anew whenever a file is saved.

    These are .py, .toml, .env, .po and .mo files. A program that ends is run again after the next
    save. Exit code 0 after SIGTERM or SIGINT, 1 where there is no such program.
    """
    stopping = Stopping()
    found = changes(outermost(folders or [Path.cwd()]), stopping.is_asked)
    try:
        running = Program(program)
        is_told = False
        try:
            for changed in found:
                if stopping.asked:
                    break
                changed = {path for path in changed if not is_shown(path.name)}
                if changed:
                    click.echo(f"{names(changed)} changed: starting again")
                    running.end()
                    running, is_told = Program(program), False
                elif running.has_ended() and not is_told:
                    is_told = True
                    code = running.process.returncode
                    click.echo(f"{program[0]} ended with exit code {code}; waiting for a change")
        finally:
            running.end()
    except OSError as error:
        raise click.ClickException(f"{program[0]} cannot be run: {error.strerror}") from None
