"""`gambrel static collect FOLDER` and `gambrel static find NAME`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from gambrel.files.static.collect import collect
from gambrel.files.static.folders import Folders

__all__ = ["static_command"]


def static_command(folders: Folders, prefix: str) -> Callable[..., None]:
    """Return the command over the originals of a site."""

    def static(action: Literal["collect", "find"], target: str) -> None:
        """Collect all static files into the folder TARGET, or find where the file TARGET lies.

        Collected files have names that tell their content, and compressed forms; name the folder
        in the setting `collected`. Where several folders have a file, the first is served.
        """
        folders.check()
        if action == "find":
            find(folders, target)
        else:
            gather(folders, Path(target), prefix)

    return static


def find(folders: Folders, name: str) -> None:
    """Say which folders have a file, the one that is served first."""
    found = folders.holders(name)
    for folder in found:
        say(str(Path(folder.path, folder.inside(name) or name)))
    if not found:
        say(f"no folder has {name!r}: " + ", ".join(str(f.path) for f in folders.folders))
        sys.exit(1)


def gather(folders: Folders, target: Path, prefix: str) -> None:
    """Collect, and tell of references that lead nowhere."""
    outcome = collect(folders, target, prefix)
    for name, reference in outcome.missing:
        say(f"{name}: {reference} leads to no file, and stays as it is")
    say(f"{len(outcome.manifest.files)} files are collected in {target}")


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")
