"""`gambrel add`: turn a battery on in a project that is there."""

import tomllib
from pathlib import Path

import click

from gambrel.cli.projects.batteries import BATTERIES, add, app_file
from gambrel.cli.projects.changes import differences, offer

__all__ = ["command", "project_files", "target_of"]

_LIST = "\n".join(f"  {name:12} {battery.says}" for name, battery in BATTERIES.items())
_READ = ("pyproject.toml", ".env.example", "requirements.txt", "requirements-dev.txt")


@click.command("add", short_help="Add a battery to a project.", epilog=f"\b\nBatteries:\n{_LIST}")
@click.argument("battery", type=click.Choice(list(BATTERIES)), metavar="BATTERY")
@click.argument("target", default="")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(battery: str, target: str, yes: bool) -> None:
    """Add BATTERY to the app of TARGET.

    Its extension goes into the one list, App(extensions=[...]), with its import, and the project
    gets what it needs: an extra, folders, settings. The changes are shown first. Typed twice, the
    second time changes nothing. Exit code 1 where the list cannot be changed safely, or was not.

    Without TARGET it is that of pyproject.toml (gambrel_app), or app.py.
    """
    folder, target = Path(), target or target_of(Path())
    from gambrel.cli.target import check_target

    check_target(target)
    found = BATTERIES[battery]
    before = project_files(folder, [app_file(target), *_READ])
    beside = Path(app_file(target)).parent
    before |= project_files(folder, [(beside / path).as_posix() for path in found.files])
    changes = differences(before, add(before, found, target))
    if not changes:
        click.echo(f"{battery} is there already: nothing to do.")
        return
    if not offer(folder, changes, yes=yes):
        raise click.exceptions.Exit(1)
    click.echo(f"{battery} is added: {found.says}.")
    if found.extra:
        click.echo(f"Next: pip install 'gambrel[{found.extra}]'")
    if found.next:
        click.echo(f"Next: {found.next.format(target=target)}")


def target_of(folder: Path) -> str:
    """Return the app of a project: as its pyproject.toml has it, or `app.py`."""
    file = folder / "pyproject.toml"
    values = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
    options = values.get("tool", {}).get("pytest", {}).get("ini_options", {})
    return str(options.get("gambrel_app", "app.py"))


def project_files(folder: Path, paths: list[str]) -> dict[str, str]:
    """Return the files of a project that are there, by their paths."""
    there = [path for path in paths if (folder / path).is_file()]
    return {path: (folder / path).read_text("utf-8") for path in there}
