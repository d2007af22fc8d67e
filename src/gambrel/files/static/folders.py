"""Where static files lie: folders one over the other, the first that has a name wins.

The app's own folder stands first, then those of extensions in the order in which they were
installed. Nothing here knows requests.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.files.paths import Listed, list_beneath, open_beneath, safe_parts

__all__ = ["Folders", "StaticFolder"]


class StaticFolder(Struct, frozen=True):
    """A folder of static files: an absolute `path`, and below which name its files appear.

    `site` is the name of the `StaticFiles` that serves it.
    """

    path: str | os.PathLike[str]
    under: str = ""
    site: str = "static"

    def inside(self, name: str) -> str | None:
        """Return what a name is called in this folder, None where it cannot be in it."""
        if not self.under:
            return name
        start = f"{self.under.strip('/')}/"
        return name.removeprefix(start) if name.startswith(start) else None


class Folders:
    """Several folders as one; no link is followed, and hidden files are not there."""

    def __init__(self, folders: Iterable[StaticFolder], *, well_known: bool = False) -> None:
        self._given = folders
        self.well_known = well_known

    @cached_property
    def folders(self) -> list[StaticFolder]:
        """The folders, the first above the others; what was given is only now asked for them."""
        return list(self._given)

    def check(self) -> None:
        """Raise GambrelError where a folder is missing."""
        for folder in self.folders:
            if not Path(folder.path).is_dir():
                raise GambrelError(
                    "files.no-folder",
                    f"there is no folder {str(folder.path)!r} to serve static files from",
                    str(Path(folder.path).parent),
                    "make it, or name another: StaticFiles(folder)",
                )

    def open(self, name: str) -> tuple[int, StaticFolder]:
        """Open the file that a name stands for; return its descriptor and its folder.

        Raises FileNotFoundError.
        """
        for folder in self.folders:
            inner = folder.inside(name)
            if inner is None:
                continue
            try:
                return open_beneath(folder.path, inner, well_known=self.well_known), folder
            except FileNotFoundError:
                continue
        raise FileNotFoundError("no such file")

    def holders(self, name: str) -> list[StaticFolder]:
        """Return every folder that has a file of this name, the one that wins first."""
        found = []
        for folder in self.folders:
            inner = folder.inside(name)
            if inner is None:
                continue
            try:
                os.close(open_beneath(folder.path, inner, well_known=self.well_known))
            except FileNotFoundError:
                continue
            found.append(folder)
        return found

    def hidden(self) -> Iterator[tuple[str, list[StaticFolder]]]:
        """Yield each name that several folders have, but for those that the first one replaces."""
        holders: dict[str, list[StaticFolder]] = {}
        for folder in self.folders:
            for inner in files_below(Path(folder.path), well_known=self.well_known):
                name = f"{folder.under.strip('/')}/{inner}" if folder.under else inner
                holders.setdefault(name, []).append(folder)
        for name, found in sorted(holders.items()):
            if len(found) > 1 and found[0] is not self.folders[0]:
                yield name, found

    def entries(self, name: str) -> list[Listed]:
        """Return what is in a folder, of all folders that have it. Raises FileNotFoundError."""
        found: dict[str, Listed] = {}
        is_there = False
        for folder in self.folders:
            inner = name if not folder.under else folder.inside(f"{name}/")
            if inner is None:
                continue
            try:
                entries = list_beneath(folder.path, inner.strip("/"), well_known=self.well_known)
            except FileNotFoundError:
                continue
            is_there = True
            for entry in entries:
                found.setdefault(entry.name, entry)
        if not is_there:
            raise FileNotFoundError("no such folder")
        return list(found.values())

    def walk(self) -> Iterator[tuple[str, StaticFolder]]:
        """Yield the name of every file with the folder that wins, sorted by name."""
        winners: dict[str, StaticFolder] = {}
        for folder in self.folders:
            for inner in files_below(Path(folder.path), well_known=self.well_known):
                name = f"{folder.under.strip('/')}/{inner}" if folder.under else inner
                winners.setdefault(name, folder)
        yield from sorted(winners.items())


def files_below(root: Path, *, well_known: bool = False) -> Iterator[str]:
    """Yield the names, relative to `root`, of all files that would be served."""
    for place, _, names in os.walk(root):
        for name in names:
            path = Path(place, name)
            inner = path.relative_to(root).as_posix()
            try:
                safe_parts(inner, well_known=well_known)
            except FileNotFoundError:
                continue
            if path.is_file() and not path.is_symlink():
                yield inner
