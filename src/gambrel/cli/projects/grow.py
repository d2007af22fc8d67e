"""`gambrel grow`: make a package of a single file."""

import re
import tomllib
from pathlib import Path

import click

from gambrel.cli.projects.changes import differences, offer
from gambrel.cli.projects.growing import FOLDERS, MODULES, grow

__all__ = ["command"]

_FILES = (
    "*.py",
    "*.md",
    "*.toml",
    "Makefile",
    "Dockerfile",
    ".env.example",
    "deploy/*.service",
    "deploy/*.sh",
)


@click.command("grow", short_help="Make a package of a single file.")
@click.argument("target", default="app.py")
@click.option(
    "--shape",
    type=click.Choice(list(MODULES)),
    default="api",
    show_default=True,
    help="What it becomes: the routes are in routes.py, or in pages.py.",
)
@click.option("--package", default="", metavar="NAME", help="Its name; else that of the project.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(target: str, shape: str, package: str, yes: bool) -> None:
    """Make a package of TARGET, a single file app.py, or the folder it is in.

    Handlers go to a module of routes as they stand, byte for byte; the app stays in app.py, and
    includes them. Tests go to tests/, and folders such as templates/ go with the app. The changes
    are shown first, and no file is overwritten. Exit code 1 where the app cannot be told from its
    routes, or nothing was changed.
    """
    folder = Path(target) if Path(target).is_dir() else Path(target).parent
    if not (folder / "app.py").is_file() or Path(target).name not in (folder.name, "app.py", ""):
        raise click.BadParameter("give a file app.py, or the folder it is in", param_hint="TARGET")
    paths = sorted({path for pattern in _FILES for path in folder.glob(pattern)})
    before = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}
    project = tomllib.loads(before.get("pyproject.toml", ""))
    given = project.get("project", {}).get("name", folder.resolve().name)
    name = package or re.sub(r"\W", "_", given).lower()
    if not name.isidentifier() or name in ("app", "tests"):
        raise click.BadParameter(f"{name!r} cannot be a package", param_hint="--package")
    width = project.get("tool", {}).get("ruff", {}).get("line-length", 88)
    folders = tuple(f for f in FOLDERS if (folder / f).is_dir())
    grown = grow(before, folders, ("app", f"{name}.app"), name, MODULES[shape], width)
    if (folder / name).exists():
        taken = {path for path in grown.moves.values() if (folder / path).exists()}
        if taken:
            raise click.UsageError(f"{', '.join(sorted(taken))} is there already")
    for here, there in grown.moves.items():
        click.secho(f"rename {here}/ {there}/", fg="cyan")
    if not offer(folder, differences(before, grown.files), yes=yes):
        raise click.exceptions.Exit(1)
    for here, there in grown.moves.items():
        (folder / here).rename(folder / there)
    for path in grown.to_look_at:
        click.echo(f"Look at {path}: it says __file__, and its folder is another one now.")
    click.echo(f"{name} is a package. Next: gambrel dev {folder / name}")
