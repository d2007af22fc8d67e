"""Which database a command is about: that of an app, or the one of several that is named."""

from typing import TYPE_CHECKING, Any

import click

from gambrel import GambrelError
from gambrel.cli.target import load_app

if TYPE_CHECKING:
    from gambrel.db.migrations.folders import Project

__all__ = ["about", "project_of"]


def about(function: Any) -> Any:
    """Give a command its TARGET, and `--database` for apps that have several."""
    option = click.option("--database", default="", metavar="NAME", help="One of several.")
    return click.argument("target", default="app.py")(option(function))


def project_of(target: str, database: str = "") -> "Project":
    """Return what migrations of an app are about. Raises GambrelError where it has no database."""
    from gambrel.db import Database

    app = load_app(target)
    app.build()
    found = {one.name: one for one in app.extensions if isinstance(one, Database)}
    if not found:
        hint = "App(extensions=[Database(...)])"
        raise GambrelError("db.no-database", "this app has no database", target, hint)
    chosen = next(iter(found)) if not database and len(found) == 1 else database or "database"
    if chosen not in found:
        names = ", ".join(found)
        what = f"this app has no database {chosen!r}" if database else "this app has several"
        raise GambrelError("db.no-database", what, target, f"--database, one of: {names}")
    return found[chosen].project(target)
