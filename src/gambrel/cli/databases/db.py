"""`gambrel db`: the group of what is done with databases; a command is loaded when it is named."""

import importlib

import click

__all__ = ["COMMANDS", "command"]

COMMANDS = {
    "make": ("making", "Write a migration of what models have and migrations lack."),
    "up": ("moving", "Apply migrations."),
    "down": ("moving", "Undo the last migration."),
    "show": ("looking", "List the migrations, and which the database has."),
    "check": ("looking", "Fail where models, migrations and database differ, or are unsafe."),
    "sql": ("looking", "Write the SQL of migrations, and run nothing."),
    "stamp": ("moving", "Say that a migration is applied, and run nothing."),
    "merge": ("making", "Write a migration that follows two last ones."),
    "rebase": ("making", "Put a migration behind another that was written at the same time."),
    "squash": ("making", "Write one migration in place of all."),
    "inspect": ("inspecting", "Write models of a database that is there already."),
    "diagram": ("inspecting", "Draw the models of an app, as Mermaid or dot."),
    "dump": ("carrying", "Write all rows into a file that any database takes."),
    "load": ("carrying", "Put the rows of such a file into a database."),
    "backup": ("carrying", "Copy an SQLite database that is in use."),
    "seed": ("carrying", "See that the rows are there that an app begins with."),
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
    """Databases: `gambrel db COMMAND TARGET`.

    TARGET is that of `gambrel run`; app.py where it is not named.
    """
