"""`gambrel db shell`: the client of an app's database, started with all that its URL says."""

import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

import click

from gambrel.cli.databases.found import database_of

__all__ = ["shell"]


@click.command("shell")
@click.argument("target", default="app.py")
@click.option("--database", default="", metavar="NAME", help="One of several.")
@click.option("--read-only", is_flag=True, help="Refuse what would change anything.")
@click.option("--plain", is_flag=True, help="Our own prompt, where the client is not installed.")
def shell(target: str, database: str, read_only: bool, plain: bool) -> None:
    """Open the client of the database of TARGET (app.py): psql, sqlite3 or mariadb.

    Its password goes by the environment, so that no list of processes shows it. Exit code is that
    of the client.
    """
    chosen = database_of(target, database)
    if plain:
        prompt(chosen.address, read_only=read_only)
    else:
        sys.exit(open_client(chosen.address, read_only=read_only))


def open_client(address: Any, *, read_only: bool) -> int:
    """Run the client until it ends, and return its exit code."""
    from gambrel.db.visible.clients import client_of

    client = client_of(address, read_only=read_only)
    environment = {**os.environ, **client.environment}
    process = subprocess.Popen(client.arguments, env=environment)  # noqa: S603 - of the database
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # meant for the client, which has got it as well
            continue


def prompt(address: Any, *, read_only: bool) -> None:
    """Run our own prompt."""
    from gambrel.db.connections.engines import Engines, Limits
    from gambrel.db.visible.clients import check_there
    from gambrel.db.visible.prompt import Prompt, hold_to_reading

    with suppress(ImportError):
        import readline  # noqa: F401 - with it, input() has a history
    check_there(address)
    engines = Engines(address, Limits(statement_timeout=0))
    try:
        engine = engines.plain_reader if read_only else engines.plain_writer
        if read_only:
            hold_to_reading(engine)
        Prompt(engine, input, click.echo).run()
    finally:
        engines.close_plain()
