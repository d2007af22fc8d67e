"""`gambrel stop`: end a server, and wait until it has ended."""

import click

from gambrel.cli.control.ask import ask, control_option, has_ended

__all__ = ["command"]


@click.command("stop")
@control_option
@click.option("--now", is_flag=True, help="Do not wait for requests in flight.")
def command(control: str, now: bool) -> None:
    """Stop a running server; requests in flight are finished first."""
    _, connection = ask(control, "stop")
    if now:
        ask(control, "stop")[1].close()
    has_ended(connection)
    click.echo("stopped")
