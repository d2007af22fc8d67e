"""Where templates are found: folders and mappings, the first that has a name wins.

Folders of the app come first, then those of its extensions. A file is opened only where its name
is one (`names.is_name`) and it lies within its folder.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound
from msgspec import Struct

from gambrel.core.http.errors import GambrelError
from gambrel.templates.names import is_name, nearest

__all__ = ["Folder", "FolderLoader", "Place"]

Folder = str | os.PathLike[str] | Mapping[str, str]
"""A folder of templates, or their texts by name."""
Found = tuple[str, str | None, Callable[[], bool] | None]


class Place(Struct, frozen=True):
    """A folder, or a mapping of texts, and who brought it along (`app` for the app)."""

    folder: Path | Mapping[str, str]
    by: str

    @classmethod
    def of(cls, folder: Folder, by: str, beside: Path) -> "Place":
        """Return the place of a folder, relative to `beside`.

        Raises GambrelError where there is no such folder.
        """
        if isinstance(folder, Mapping):
            return cls(folder, by)
        path = Path(os.path.abspath(beside / folder))  # noqa: PTH100 - `resolve` follows links
        if not path.is_dir():
            what = f"there is no folder {str(path)!r} for the templates of {by}"
            hint = f"make it, or name another: Templates({str(folder)!r}) is relative to {beside}"
            raise GambrelError("templates.no-folder", what, "Templates(...)", hint)
        return cls(path, by)

    def names(self) -> Iterator[str]:
        """Yield the names of the templates here."""
        if not isinstance(self.folder, Path):
            yield from self.folder
            return
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if is_name(name) and path.is_file():
                yield name

    def find(self, name: str) -> Found | None:
        """Return text, file and `is_current()` of a template, None where it is not here."""
        if not isinstance(self.folder, Path):
            text = self.folder.get(name)
            return None if text is None else (text, None, None)
        path = self.folder / name
        if not path.is_file() or not path.resolve().is_relative_to(self.folder.resolve()):
            return None
        changed = path.stat().st_mtime_ns
        return (
            path.read_text("utf-8"),
            str(path),
            lambda: path.is_file() and path.stat().st_mtime_ns == changed,
        )

    def __str__(self) -> str:
        return str(self.folder) if isinstance(self.folder, Path) else f"the texts of {self.by}"


class FolderLoader(BaseLoader):
    """Finds templates in places, in their order."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = tuple(places)

    def get_source(self, environment: Environment, template: str) -> Found:
        """Return a template. Raises TemplateNotFound, saying where it was looked for."""
        if is_name(template):
            for place in self.places:
                found = place.find(template)
                if found is not None:
                    return found
        raise TemplateNotFound(template, self.missing(template))

    def missing(self, name: str) -> str:
        """Return the sentence that tells of a template that is not there."""
        asked = ", ".join(map(str, self.places)) or "no folder"
        near = nearest(name, self.list_templates())
        return f"there is no template {name!r} in {asked}{near and f'; {near}'}"

    def list_templates(self) -> list[str]:
        """Return the names of all templates."""
        return sorted(self.owners())

    def owners(self) -> dict[str, list[Place]]:
        """Return the places of each template; the first is used, the others are overridden."""
        found: dict[str, list[Place]] = {}
        for place in self.places:
            for name in place.names():
                found.setdefault(name, []).append(place)
        return found
