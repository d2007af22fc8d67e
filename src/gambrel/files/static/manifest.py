"""The manifest of collected files: what each is called by its content.

`gambrel static collect` writes it last of all; the app reads it at its start.
"""

import os
from functools import cached_property
from pathlib import Path

import msgspec
from msgspec import Struct

from gambrel.core.http.errors import GambrelError

__all__ = ["Collected", "Manifest", "load_manifest", "save_manifest", "write_whole"]

NAME = ".manifest.json"
"""Hidden: nobody is served it, and a `manifest.json` of the app's own is not in its way."""


class Collected(Struct, frozen=True):
    """What a file is called by its content, and what `integrity=` says of it."""

    name: str
    integrity: str


class Manifest(Struct, frozen=True, dict=True):
    """Every collected file by its plain name. `version` is that of the format."""

    files: dict[str, Collected]
    version: int = 1

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that tell the content."""
        return frozenset(file.name for file in self.files.values())


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest in a folder. Blocks. Raises GambrelError where there is none."""
    path = folder / NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        if manifest.version != 1:
            raise ValueError(f"version {manifest.version} of the format is not known")
    except (OSError, ValueError) as error:
        raise GambrelError(
            "files.no-manifest",
            f"the collected static files have no manifest that can be read: {error}",
            str(path),
            f"gambrel static collect {folder}",
        ) from error
    return manifest


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder, sorted, so that it differs only where the files do."""
    content = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=2)
    write_whole(folder / NAME, content + b"\n")


def write_whole(path: Path, content: bytes, modified: float | None = None) -> None:
    """Write a file so that nobody ever sees half of it; `modified` is its time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        if modified is not None:
            os.utime(part, (modified, modified))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
