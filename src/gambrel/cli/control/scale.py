"""`gambrel scale`: more workers, or fewer."""

import click

from gambrel.cli.control.ask import ask, control_option
from gambrel.cli.serving.supervision import MOST_WORKERS

__all__ = ["command"]


@click.command("scale")
@click.argument("workers", type=click.IntRange(1, MOST_WORKERS))
@control_option
def command(workers: int, control: str) -> None:
    """Let a running server have another number of WORKERS; what is in work is finished."""
    status, connection = ask(control, "scale", workers=workers)
    connection.close()
    click.echo(f"{status.wanted} worker{'s' if status.wanted > 1 else ''}")
