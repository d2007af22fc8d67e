"""`gambrel reload`: new code, and not one request lost."""

import click

from gambrel.cli.control.ask import ask, control_option

__all__ = ["command"]


@click.command("reload")
@control_option
def command(control: str) -> None:
    """Replace the workers of a running server, one after the other, by ones with new code.

    Where a new worker does not start, the old ones go on, and the exit code is 1.
    """
    status, connection = ask(control, "reload")
    connection.close()
    click.echo(f"reloaded {status.wanted} worker{'s' if status.wanted > 1 else ''}")
