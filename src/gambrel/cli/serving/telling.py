"""`say`: a line for people from a process that serves, and goes on where nobody can write it."""

from contextlib import suppress

import click

__all__ = ["say"]


def say(line: str, *, err: bool = False) -> None:
    """Write a line to the standard output, or error; not where that is closed, or its disk full."""
    with suppress(OSError):
        click.echo(line, err=err)
