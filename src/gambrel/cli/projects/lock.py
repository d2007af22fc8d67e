"""`gambrel lock`: write down which versions are installed."""

from pathlib import Path

import click

__all__ = ["command"]


@click.command("lock", short_help="Write down the versions that are installed.")
@click.option("--upgrade", is_flag=True, help="Install the newest versions first, by pip.")
@click.option("--check", "only", is_flag=True, help="Only tell whether the files are up to date.")
def command(upgrade: bool, only: bool) -> None:
    """Write requirements.txt and requirements-dev.txt for pyproject.toml.

    They name what the project needs, and its group `dev`, with all that these need, in the versions
    that are installed. Exit code 1 where --check finds a difference.
    """
    from gambrel.cli.projects.locking import asked, lock_files

    pyproject = Path("pyproject.toml")
    if not pyproject.is_file():
        raise click.UsageError("there is no pyproject.toml here")
    text = pyproject.read_text("utf-8")
    if upgrade:
        newest(asked(text))
    differ = [
        Path(name)
        for name, lines in lock_files(text).items()
        if not Path(name).is_file() or Path(name).read_text("utf-8") != lines
    ]
    for file in differ:
        click.echo(f"{file} {'is not up to date' if only else 'is written'}")
        if not only:
            file.write_text(lock_files(text)[file.name], "utf-8")
    if only and differ:
        raise click.exceptions.Exit(1)


def newest(requirements: list[str]) -> None:
    """Install the newest versions, in this environment."""
    import subprocess
    import sys

    pip = [sys.executable, "-m", "pip", "install", "--upgrade", "--upgrade-strategy", "eager"]
    ended = subprocess.run([*pip, *requirements], check=False)  # noqa: S603 - of pyproject.toml
    if ended.returncode:
        raise click.exceptions.Exit(1)
