"""`gambrel new`: begin a project, with what teams regret adding late. Nothing is fetched."""

import re
import secrets
from pathlib import Path

import click

from gambrel import GambrelError
from gambrel.cli.projects.batteries import BATTERIES, add, find
from gambrel.cli.projects.changes import apply, differences
from gambrel.cli.projects.locking import lock_files
from gambrel.cli.projects.shapes import SHAPES, Start, render

__all__ = ["command", "make"]

_KEY = "# Of this machine alone: not in git. What else may be set is in .env.example.\n"


@click.command("new", short_help="Begin a project.")
@click.argument("name")
@click.option("--shape", type=click.Choice(list(SHAPES)), default="service", show_default=True)
@click.option(
    "--with",
    "batteries",
    multiple=True,
    type=click.Choice(list(BATTERIES)),
    metavar="BATTERY",
    help="Add this too; may be repeated. `gambrel add --help` lists them.",
)
@click.option(
    "--owner",
    default="@your-team",
    show_default=True,
    help="Who is asked before a change: a user or team, for CODEOWNERS.",
)
def command(name: str, shape: str, batteries: tuple[str, ...], owner: str) -> None:
    """Begin a project in the new folder NAME.

    Shapes: service (one file), api (modules, versions), site (pages, forms, sessions), platform
    (all of it over a database), realtime (connections and streams). `gambrel choose` helps to
    choose. Nothing is fetched, and nothing is overwritten: exit code 1 where NAME is there already.
    """
    folder = Path(name)
    start = Start(shape, checked(folder.name), owner)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise GambrelError(
            "projects.folder",
            f"{name!r} is there already",
            str(folder.resolve()),
            "give a name that is not there, or `gambrel add` to what you have",
        )
    files = make(start, batteries)
    folder.mkdir(parents=True, exist_ok=True)
    apply(folder, differences({}, files))
    click.echo(f"{name}: {SHAPES[shape].summary} {len(files)} files.\n\nNext:\n")
    click.echo(f"  cd {name}\n  make dev      # serves it at http://127.0.0.1:8000")
    click.echo("  make check    # style, types, tests and settings\n\nREADME.md says the rest.")


def checked(name: str) -> str:
    """Return a name that can be one of a package, a service and a host."""
    if not re.fullmatch(r"(?!.{41})[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*", name):
        what = f"{name!r} is not a name of small letters, digits and -, 40 at most"
        raise click.BadParameter(what, param_hint="NAME")
    import keyword
    import sys

    if name in sys.stdlib_module_names | {"gambrel", "tests", "deploy"} or keyword.iskeyword(name):
        raise click.BadParameter(f"{name} means something else in Python", param_hint="NAME")
    return name


def make(start: Start, batteries: tuple[str, ...] = ()) -> dict[str, str]:
    """Return all files of a new project."""
    files = render(start)
    for battery in batteries:
        files = add(files, find(battery), start.target)
    key = f"{_KEY}GAMBREL_SECRET_KEY={secrets.token_hex(32)}\n"
    return files | lock_files(files["pyproject.toml"]) | {".env": key}
