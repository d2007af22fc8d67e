"""`gambrel`: one command. Every subcommand lives in a file of its own and is loaded when named."""

import importlib
from collections.abc import Sequence
from typing import Any

import click

from gambrel.core.http.errors import GambrelError

__all__ = ["cli", "main"]

COMMANDS = {
    "run": "serve an app in production mode",
    "dev": "serve an app, reload on save, show errors",
    "routes": "list the routes, or explain one URL",
    "pipeline": "show what every request passes",
    "openapi": "write the OpenAPI document",
    "config": "show the settings and where each comes from",
    "check": "check the configuration, and with --deploy its safety",
}


class Commands(click.Group):
    """The group; importing one command does not import the others."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import the file of a command."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"gambrel.cli.{name}")
        command: click.Command = module.command
        return command


@click.command(cls=Commands, no_args_is_help=True)
@click.version_option(package_name="gambrel")
def cli() -> None:
    """Gambrel: from five lines to a platform. TARGET is a file, a folder or module:attribute."""


def main(args: Sequence[str] | None = None) -> Any:
    """Run the command line; an error of ours is three lines and exit code 1."""
    try:
        return cli.main(args=None if args is None else list(args), prog_name="gambrel")
    except GambrelError as error:
        click.echo(f"gambrel: {error}", err=True)
        raise SystemExit(1) from None
