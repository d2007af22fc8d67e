"""`gambrel db shell`: the client of an app's database, started with all that its URL says."""

import os
import subprocess
import sys
from contextlib import suppress
from typing import Any

import click

from gambrel import App, GambrelError
from gambrel.cli.target import load_app

__all__ = ["database_named", "shell"]


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
    app = load_app(target)
    app.build()
    chosen = database_named(app, database, target)
    if plain:
        prompt(chosen.address, read_only=read_only)
    else:
        sys.exit(open_client(chosen.address, read_only=read_only))


def database_named(app: App, name: str, target: str) -> Any:
    """Return one of the databases of an app. Raises GambrelError for a name that none has."""
    from gambrel.db.extension import databases_of

    found = databases_of(app)
    if not found:
        hint = 'App(extensions=[Database("sqlite:///app.db")])'
        raise GambrelError("db.no-database", "this app has no database", target, hint)
    named = {one.name.removeprefix("database_"): one for one in found}
    chosen = named.get(name.removeprefix("database_") or found[0].name)
    if chosen is None:
        what = f"this app has no database {name!r}"
        hint = f"--database, one of: {', '.join(named)}"
        raise GambrelError("db.no-database", what, target, hint)
    return chosen


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
    from gambrel.db.visible.prompt import Prompt

    with suppress(ImportError):
        import readline  # noqa: F401 - with it, input() has a history
    check_there(address)
    engines = Engines(address, Limits(statement_timeout=0))
    try:
        engine = engines.plain_reader if read_only else engines.plain_writer
        Prompt(engine, input, click.echo).run()
    finally:
        engines.close_plain()
