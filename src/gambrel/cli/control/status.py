"""`gambrel status`: what runs behind a control socket."""

from typing import Any

import click
import msgspec

from gambrel.cli.control.ask import ask, control_option
from gambrel.cli.table import show_table

__all__ = ["command"]


@click.command("status")
@control_option
@click.option("--json", "is_json", is_flag=True, help="Write JSON.")
def command(control: str, is_json: bool) -> None:
    """Show the workers of a running server."""
    status, connection = ask(control, "status")
    connection.close()
    if is_json:
        click.echo(msgspec.json.format(msgspec.json.encode(status)).decode())
        return
    state = "stopping" if status.is_stopping else "serving"
    click.echo(f"{state} for {duration(status.seconds)} (pid {status.pid})")
    heads = ["worker", "pid", "state", "for", "requests", "connections", "busy", "memory"]
    show_table(heads, [row(worker) for worker in status.workers])


def row(worker: Any) -> list[str]:
    """Return one line of the table."""
    return [
        worker.name.removeprefix("worker "),
        str(worker.pid),
        worker.state,
        duration(worker.seconds),
        f"{worker.requests:,}",
        f"{worker.connections:,}",
        f"{worker.busy:,}",
        f"{worker.memory >> 20} MiB",
    ]


def duration(seconds: float) -> str:
    """Return a time as people say it: `3 s`, `12 min`, `5 h`, `2 d`."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
