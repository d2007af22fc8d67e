"""The file of a dump: lines of JSON, on their own or in a zip.

    {"gambrel": "dump", "version": 1, "tables": ["team", "hero"]}
    {"table": "team", "columns": {"id": "int", "name": "str"}}
    [1, "Avengers"]
    {"end": "team", "rows": 1, "digest": "…"}

Each is read and written line by line, so that its size does not matter.
"""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec

from gambrel.core.http.errors import GambrelError

__all__ = ["Digest", "broken", "lines_of", "private", "reading", "writing"]

_MEMBER = "dump.jsonl"
_SIZE = 1 << 256


class Digest:
    """What tells whether two tables have the same rows, in whichever order they come."""

    def __init__(self) -> None:
        self.rows = 0
        self.sum = 0

    def add(self, line: bytes) -> None:
        """Count a row, as it is written in a dump."""
        self.rows += 1
        self.sum = (self.sum + int.from_bytes(hashlib.sha256(line).digest())) % _SIZE

    @property
    def text(self) -> str:
        """The sum of the digests of all rows."""
        return f"{self.sum:064x}"


@contextmanager
def writing(file: Path) -> Iterator[IO[bytes]]:
    """Open a new file that only its owner may read; it has its name once all is written.

    Raises GambrelError where there is such a file already.
    """
    if file.exists():
        hint = "name another file, or remove this one"
        raise GambrelError("db.file-exists", f"{file} is there already", "", hint)
    part = file.with_name(f".{file.name}.part")
    try:
        with private(part) as raw:
            if file.suffix == ".zip":
                with (
                    zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive,
                    archive.open(_MEMBER, "w", force_zip64=True) as member,
                ):
                    yield member
            else:
                yield raw
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def private(file: Path) -> IO[bytes]:
    """Open a file of one's own: a dump has what no visitor may see. Raises GambrelError."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        what = f"nothing can be written into {file.parent}: {error.strerror}"
        hint = "make the folder, or name a file in another one"
        raise GambrelError("db.no-folder", what, "", hint) from None
    return os.fdopen(descriptor, "wb")


@contextmanager
def reading(file: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading. Raises GambrelError for one that is not there, or no dump."""
    try:
        if file.suffix != ".zip":
            with file.open("rb") as raw:
                yield raw
            return
        with zipfile.ZipFile(file) as archive, archive.open(_MEMBER) as member:
            yield io.BufferedReader(member)  # type: ignore[type-var]  # it is raw
    except FileNotFoundError:
        raise broken(f"there is no file {file}") from None
    except (zipfile.BadZipFile, KeyError) as error:
        raise broken(f"{file} is no dump: {error}") from error


def lines_of(stream: IO[bytes]) -> Iterator[Any]:
    """Yield what is in the lines of a dump. Raises GambrelError for what is no JSON."""
    for number, line in enumerate(stream, 1):
        try:
            yield msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise broken(f"line {number} of the dump is no JSON: {error}") from error


def broken(what: str) -> GambrelError:
    """Return the error of a file that is no dump, or not a whole one."""
    return GambrelError("db.dump", what, "", "write it anew: `gambrel db dump TARGET FILE`")
