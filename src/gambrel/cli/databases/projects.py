"""What migrations of an app are about, for the commands that write, apply and check them."""

from typing import TYPE_CHECKING, Any

import click

from gambrel.cli.databases.found import database_of

if TYPE_CHECKING:
    from gambrel.db.migrations.folders import Project

__all__ = ["about", "project_of"]


def about(function: Any) -> Any:
    """Give a command its TARGET, and `--database` for apps that have several."""
    option = click.option("--database", default="", metavar="NAME", help="One of several.")
    return click.argument("target", default="app.py")(option(function))


def project_of(target: str, database: str = "") -> "Project":
    """Return the migrations of an app. Raises GambrelError where it has no such database."""
    return database_of(target, database).project(target)
