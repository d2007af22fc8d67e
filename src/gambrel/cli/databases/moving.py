"""`gambrel db up`, `down` and `stamp`: what changes a database."""

from typing import TYPE_CHECKING

import click

from gambrel import GambrelError
from gambrel.cli.databases.projects import about, project_of

if TYPE_CHECKING:
    from gambrel.db.migrations.folders import Project
    from gambrel.db.migrations.history import History, Revision

__all__ = ["down", "stamp", "up"]

_WAIT = click.option(
    "--wait", default=60.0, show_default=True, help="Seconds to wait for another deployer."
)


@click.command("up")
@about
@click.option("--to", default="", metavar="REVISION", help="Go no further than this one.")
@click.option("--expand", is_flag=True, help="Leave what breaks old code for later.")
@click.option("--unsafe", is_flag=True, help="Do what would hurt an app that is in use.")
@_WAIT
def up(target: str, database: str, to: str, expand: bool, unsafe: bool, wait: float) -> None:
    """Apply the migrations that the database of TARGET (app.py) has not.

    Where it breaks off, type it again. On PostgreSQL it refuses what locks tables or breaks code
    that still runs, unless the database is new.
    """
    from gambrel.db.migrations.history import History
    from gambrel.db.migrations.running.opening import connected
    from gambrel.db.migrations.running.runner import Runner

    project = project_of(target, database)
    history = History(project)
    if not history.by_id:
        raise no_migrations(project)
    if project.address.kind == "postgresql" and not unsafe:
        refuse_risks(project, expand=expand)
    count = Count("up")
    with connected(project.address) as connection:
        Runner(project, history, connection, count.tell).up(to, expand=expand, wait=wait)
    count.end("the database is up to date")


@click.command("down")
@about
@click.option("--to", default="", metavar="REVISION", help="Undo all behind it; `base`: all.")
@click.option("--folder", default="app", show_default=True, help="Whose migrations.")
@_WAIT
def down(target: str, database: str, to: str, folder: str, wait: float) -> None:
    """Undo the last migration that the database of TARGET (app.py) has, or several."""
    from gambrel.db.migrations.history import History
    from gambrel.db.migrations.running.opening import connected
    from gambrel.db.migrations.running.records import Records
    from gambrel.db.migrations.running.runner import Runner
    from gambrel.db.migrations.writing.making import folder_named

    project = project_of(target, database)
    history, own = History(project), folder_named(project, folder)
    count = Count("down")
    with connected(project.address) as connection:
        heads = Records(connection).heads()
        connection.rollback()
        kept = before(history, heads, own.name, to)
        if kept is not None:
            Runner(project, history, connection, count.tell).down(kept, own.name, wait=wait)
    count.end("nothing is applied that could be undone")


@click.command("stamp")
@click.argument("target")
@click.argument("revision")
@click.option("--database", default="", metavar="NAME", help="One of several.")
@_WAIT
def stamp(target: str, revision: str, database: str, wait: float) -> None:
    """Say that the database of TARGET is at REVISION, and run nothing.

    For a database that was made by other means, and for a file whose edit changes nothing.
    """
    from gambrel.db.migrations.history import History
    from gambrel.db.migrations.running.opening import connected
    from gambrel.db.migrations.running.runner import Runner

    project = project_of(target, database)
    with connected(project.address) as connection:
        found = Runner(project, History(project), connection).stamp(revision, wait=wait)
    click.echo(f"stamped {found.id}")


class Count:
    """Tells of each migration that was run."""

    def __init__(self, direction: str) -> None:
        self.direction = direction
        self.runs = 0

    def tell(self, revision: "Revision", seconds: float) -> None:
        """Write a line."""
        self.runs += 1
        click.echo(f"{self.direction} {revision.id} ({seconds:.2f} s)")

    def end(self, text: str) -> None:
        """Say that there was nothing to do."""
        if not self.runs:
            click.echo(text)


def before(history: "History", heads: list[str], folder: str, to: str) -> list[str] | None:
    """Return what is kept of a folder; None where there is nothing to undo."""
    if to:
        return [] if to == "base" else [history.find(to).id]
    done = history.closure(heads)
    own = [one for one in history.of(folder) if one.id in done]
    return own[-1].before if own else None


def refuse_risks(project: "Project", *, expand: bool) -> None:
    """Raise GambrelError where something pending would hurt an app that is in use."""
    from gambrel.db.migrations.checking import pending_risks

    found = pending_risks(project, expand=expand)
    if found:
        told = "\n".join(str(one) for one in found)
        raise GambrelError(
            "db.migration-unsafe",
            f"what is pending would hurt an app that is in use\n{told}",
            found[0].where,
            f'do as each hint says; or `accepted = ["{found[0].rule}"]` in the file, with a '
            f"comment why; or `gambrel db up {project.target} --unsafe`",
        )


def no_migrations(project: "Project") -> GambrelError:
    """Return the error of an app without migrations."""
    places = ", ".join(str(one.path) for one in project.folders)
    hint = f"`gambrel db make {project.target} -m NAME` writes the first"
    return GambrelError("db.no-migrations", "there are no migrations", places, hint)
