"""The five shapes a project can begin as, and their files with its names in them.

A shape is the folder of its name in `shapes/`, over `shapes/common/`. Files end in `.in`; in their
names and texts `@name@`, `@package@` and the like are replaced, and nothing else.
"""

import re
import sys
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

__all__ = ["SHAPES", "Shape", "Start", "render"]

FOLDER = Path(__file__).parent / "shapes"


class Shape(Struct, frozen=True):
    """What a shape is for, and what of the framework it needs."""

    summary: str
    extras: tuple[str, ...] = ()
    workers: str = "auto"
    single: bool = False


SHAPES = {
    "service": Shape("A service in one file.", single=True),
    "api": Shape("A typed API, in modules and versions."),
    "site": Shape("A site with pages, forms and sessions.", ("templates",)),
    "platform": Shape("A product: pages, forms and an API over one database.", ("db", "templates")),
    "realtime": Shape("Pages that hear at once of what others do.", ("templates",), "1"),
}


class Start(Struct, frozen=True):
    """What a project is called, and who owns it."""

    shape: str
    name: str
    owner: str = "@your-team"

    @property
    def target(self) -> str:
        """What commands are told: the file, or the folder of the package."""
        return "app.py" if SHAPES[self.shape].single else self.package

    @property
    def package(self) -> str:
        """The name for imports."""
        return self.name.replace("-", "_")

    def words(self) -> dict[str, str]:
        """Return what stands between `@` in the files."""
        shape = SHAPES[self.shape]
        extras = f"[{','.join(shape.extras)}]" if shape.extras else ""
        return {
            "name": self.name,
            "package": self.package,
            "title": self.name.replace("-", " ").replace("_", " ").capitalize(),
            "target": self.target,
            "summary": shape.summary,
            "requirement": f"gambrel{extras}~={version('gambrel')}",
            "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
            "workers": shape.workers,
            "owner": self.owner,
            "host": f"{self.name.replace('_', '-')}.example",
            "files": (FOLDER / self.shape / "_files.md").read_text("utf-8").rstrip("\n"),
            "help": part(self.shape, "_help.md"),
        }


def part(shape: str, name: str) -> str:
    """Return a piece that only some shapes have."""
    file = FOLDER / shape / name
    return file.read_text("utf-8") if file.is_file() else ""


def render(start: Start) -> dict[str, str]:
    """Return the files of a project by their paths, without what is made for it alone."""
    words = start.words()
    files: dict[str, str] = {}
    for folder in (FOLDER / "common", FOLDER / start.shape):
        for file in sorted(folder.rglob("*.in")):
            path = filled(file.relative_to(folder).as_posix().removesuffix(".in"), words)
            files[path] = filled(file.read_text("utf-8"), words)
    return files


def filled(text: str, words: dict[str, str]) -> str:
    """Put the words into a text; again, for the pieces have names in them, too."""
    for _ in range(2):
        text = re.sub(r"@(\w+)@", lambda match: words.get(match[1], match[0]), text)
    return text
