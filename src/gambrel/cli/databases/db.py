"""`gambrel db`: the group of what is done with databases; a command is loaded when it is named."""

import importlib

import click

__all__ = ["COMMANDS", "command"]

COMMANDS = {
    "shell": ("opening", "Open the client of the database: psql, sqlite3 or mariadb."),
}


class Databases(click.Group):
    """The group."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the documentation."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the file of a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"gambrel.cli.databases.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command("db", cls=Databases, no_args_is_help=True)
def command() -> None:
    """The database of an app: `gambrel db COMMAND TARGET`.

    TARGET is that of `gambrel run`; app.py where it is not named.
    """
