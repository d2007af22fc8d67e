"""What a command is about to do to files: shown as a diff, then written; nothing is lost unseen.

`new`, `add` and `grow` make `Change`s; only this file writes.
"""

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
from msgspec import Struct

from gambrel import GambrelError

__all__ = ["Change", "apply", "differences", "offer", "show"]


class Change(Struct, frozen=True):
    """A file before and after; None where it is not there."""

    path: str
    before: str | None
    after: str | None

    @property
    def mode(self) -> int:
        """The permissions of a new file: secrets are their owner's, scripts can be run."""
        name = Path(self.path).name
        return 0o600 if name == ".env" else 0o755 if name.endswith(".sh") else 0o644

    def lines(self) -> Iterator[str]:
        """Yield the lines of the diff."""
        yield from difflib.unified_diff(
            (self.before or "").splitlines(),
            (self.after or "").splitlines(),
            "/dev/null" if self.before is None else self.path,
            "/dev/null" if self.after is None else self.path,
            lineterm="",
        )


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return what leads from some files to others, in the order of their paths."""
    paths = sorted(before.keys() | after.keys())
    changes = [Change(path, before.get(path), after.get(path)) for path in paths]
    return [change for change in changes if change.before != change.after]


def show(changes: Iterable[Change]) -> None:
    """Write the diff."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for change in changes:
        lines = list(change.lines()) or [f"--- /dev/null\n+++ {change.path}"]  # an empty file
        for line in lines:
            click.secho(line, fg=colours.get(line[:1]))


def offer(folder: Path, changes: list[Change], *, yes: bool) -> bool:
    """Show the changes, ask unless `yes`, and apply them; tell whether that was done."""
    refuse_overwriting(folder, changes)
    show(changes)
    if not yes and not click.confirm("Apply?", err=True):
        click.echo("Nothing was changed.", err=True)
        return False
    apply(folder, changes)
    return True


def apply(folder: Path, changes: list[Change]) -> None:
    """Write the changes; new files first, so that what is interrupted has lost nothing.

    Raises:
        GambrelError: A file that is to be made is there already, or has changed meanwhile.
    """
    refuse_overwriting(folder, changes)
    for change in sorted(
        changes, key=lambda change: (change.after is None, change.before is not None)
    ):
        path = folder / change.path
        if change.after is None:
            path.unlink()
        elif change.before is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, change.mode)
            with os.fdopen(file, "w", encoding="utf-8") as new:
                new.write(change.after)
        else:
            path.write_text(change.after, "utf-8")


def refuse_overwriting(folder: Path, changes: Iterable[Change]) -> None:
    """Refuse to lose what the changes do not know."""
    for change in changes:
        path = folder / change.path
        there = path.read_text("utf-8") if path.is_file() else None
        if there != change.before or (there is None and path.exists()):
            raise GambrelError(
                "projects.file-exists",
                f"{change.path} is there already"
                if change.before is None
                else f"{change.path} has changed meanwhile",
                str(path),
                "move it out of the way, or put into it by hand what the diff shows",
            )
