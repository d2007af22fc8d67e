"""`gambrel db make`, `merge`, `rebase` and `squash`: what writes files of migrations."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gambrel import GambrelError
from gambrel.cli.databases.projects import about, project_of

if TYPE_CHECKING:
    from gambrel.db.migrations.folders import Project
    from gambrel.db.migrations.writing.drafts import Question

__all__ = ["make", "merge", "rebase", "squash"]

_NAME = click.option("-m", "--name", required=True, metavar="NAME", help="What it is about.")
_FOLDER = click.option("--folder", default="app", show_default=True, help="Whose migrations.")


@click.command("make")
@about
@_NAME
@click.option("--empty", is_flag=True, help="Without asking the models: for rows, and SQL.")
@click.option("--rename", "renames", multiple=True, metavar="OLD=NEW", help="hero.name=title")
@click.option("--drop", "drops", multiple=True, metavar="NAME", help="It is gone: hero.name")
@_FOLDER
def make(
    target: str,
    database: str,
    name: str,
    empty: bool,
    renames: tuple[str, ...],
    drops: tuple[str, ...],
    folder: str,
) -> None:
    """Write a migration of what the models of TARGET (app.py) have and its migrations lack.

    No database is asked but an empty one, which is made and dropped. What is gone while something
    new came might be renamed: that is asked, or told by --rename and --drop.
    """
    from gambrel.db.migrations.writing.making import make as made_of
    from gambrel.db.migrations.writing.making import make_empty

    project = project_of(target, database)
    if empty:
        click.echo(f"wrote {shown(make_empty(project, name, folder).path)}")
        return
    deciding = Deciding(renames, drops)
    made = made_of(project, name, deciding.decide, folder)
    deciding.check_used()
    if made.path is None:
        click.echo("nothing to do: models and migrations are alike")
        return
    click.echo(f"wrote {shown(made.path)}")
    for gone in made.drops:
        click.echo(f"  it drops {gone}, with what is in it")
    for problem in made.problems:
        click.echo(f"  write by hand: {problem}", err=True)
    tell_risks(project, made.path)
    sys.exit(1 if made.problems else 0)


@click.command("merge")
@about
@click.option("-m", "--name", default="merge", metavar="NAME", help="What it is about.")
@_FOLDER
def merge(target: str, database: str, name: str, folder: str) -> None:
    """Write a migration that comes after two last ones."""
    from gambrel.db.migrations.writing.making import merge as merged

    click.echo(f"wrote {shown(merged(project_of(target, database), name, folder))}")


@click.command("rebase")
@click.argument("target")
@click.argument("revision")
@click.option("--database", default="", metavar="NAME", help="One of several.")
def rebase(target: str, revision: str, database: str) -> None:
    """Put REVISION, one of two last migrations of TARGET, behind the other.

    A database that has it and not the other gets the other with the next `up`.
    """
    from gambrel.db.migrations.writing.making import rebase as rebased

    moved, after = rebased(project_of(target, database), revision)
    click.echo(f"{moved.id} now comes after {after.id}: {shown(moved.path)}")


@click.command("squash")
@about
@click.option("-m", "--name", default="squashed", metavar="NAME", help="What it is about.")
@_FOLDER
def squash(target: str, database: str, name: str, folder: str) -> None:
    """Write one migration in place of all of TARGET (app.py).

    A database that has all of them has the new one, too. One that has some of them goes up with
    the code before.
    """
    from gambrel.db.migrations.writing.making import squash as squashed

    done = squashed(project_of(target, database), name, folder)
    click.echo(f"wrote {shown(done.path)}, in place of {len(done.gone)}")
    for one in done.with_code:
        click.echo(f"  {one} did more than make tables: look whether a new database needs it")


class Deciding:
    """What was renamed: by options, by asking, or by refusing to guess."""

    def __init__(self, renames: tuple[str, ...], drops: tuple[str, ...]) -> None:
        self.renames = dict(parsed(one) for one in renames)
        self.drops = set(drops)
        self.used: set[str] = set()

    def decide(self, question: "Question") -> str:
        """Return the new name, or nothing for what is dropped. Raises GambrelError."""
        self.used.add(question.full)
        if question.full in self.drops:
            return ""
        if question.full in self.renames:
            new = self.renames[question.full].rpartition(".")[2]
            if new in question.choices:
                return new
        if sys.stdin.isatty() and question.full not in self.renames:
            return ask(question)
        new = ", ".join(question.choices)
        raise GambrelError(
            "db.rename",
            f"{question.full} is gone, and {new} came: nobody says whether it was renamed",
            "gambrel db make",
            f"`--rename {question.full}={question.choices[0]}` keeps what is in it; "
            f"`--drop {question.full}` does not",
        )

    def check_used(self) -> None:
        """Raise a UsageError for an option that is about nothing."""
        for one in {*self.renames, *self.drops} - self.used:
            click.echo(
                f"  there was nothing to decide of {one}: it is not gone, or nothing like it came",
                err=True,
            )


def parsed(text: str) -> tuple[str, str]:
    """Return the two names of `--rename`."""
    old, sign, new = text.partition("=")
    if not (old and sign and new):
        raise click.BadParameter(f"{text!r} is not OLD=NEW, such as hero.name=title")
    return old, new


def ask(question: "Question") -> str:
    """Ask who sits there."""
    for new in question.choices:
        if click.confirm(f"{question.full} is gone and {new} came. Was it renamed?"):
            return new
    click.confirm(f"Then {question.full} is dropped, with what is in it. Go on?", abort=True)
    return ""


def tell_risks(project: "Project", path: Path) -> None:
    """Say what would hurt an app that is in use; of that most on PostgreSQL alone."""
    from gambrel.db.migrations.checking import unsafe
    from gambrel.db.migrations.history import History

    is_postgres = project.address.kind == "postgresql"
    history = History(project)
    written = [one for one in history.ordered if one.path == path.resolve() and one.parents]
    for risk in unsafe(written):
        if is_postgres or risk.rule == "not-null":  # which fails where there are rows
            click.echo(str(risk), err=True)


def shown(path: Path | None) -> str:
    """Return a path as short as it can be said here."""
    assert path is not None
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
