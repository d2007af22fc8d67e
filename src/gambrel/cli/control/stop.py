"""`gambrel stop`: end a server, and wait until it has ended."""

import click

from gambrel.cli.control.ask import ask, control_option, has_ended

__all__ = ["command"]


@click.command("stop")
@control_option
@click.option("--now", is_flag=True, help="Do not wait for requests in flight.")
def command(control: str, now: bool) -> None:
    """Stop a running server; requests in flight are finished first.

    With --now they are not, also where the server is being stopped already.
    """
    _, connection = ask(control, "stop", now=now)
    has_ended(connection)
    click.echo("stopped")
