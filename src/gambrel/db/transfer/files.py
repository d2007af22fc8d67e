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
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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
    part, raw = private(file)
    try:
        with raw:
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


def private(file: Path) -> tuple[Path, IO[bytes]]:
    """Open a new file beside another one, which nobody else has made or may read.

    Raises GambrelError where there is no such folder, or nothing can be written into it.
    """
    try:
        opened, name = tempfile.mkstemp(".part", f".{file.name}.", file.parent)
    except OSError as error:
        what = f"nothing can be written into {file.parent}: {error.strerror}"
        hint = "make the folder, or name a file in another one"
        raise GambrelError("db.no-folder", what, str(file), hint) from None
    return Path(name), os.fdopen(opened, "wb")


@contextmanager
def reading(file: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading. Raises GambrelError for one that is not there, or no dump."""
    with ExitStack() as opened:
        try:
            stream: IO[bytes] = opened.enter_context(file.open("rb"))
            if file.suffix == ".zip":
                archive = opened.enter_context(zipfile.ZipFile(stream))
                member: Any = opened.enter_context(archive.open(_MEMBER))
                stream = io.BufferedReader(member)
        except FileNotFoundError as error:
            raise broken(f"there is no file {file}") from error
        # The last of a zip with a password, or packed in a way that Python does not know.
        except (OSError, zipfile.BadZipFile, KeyError, RuntimeError) as error:
            raise broken(f"{file} is no dump: {error}") from error
        yield stream


def lines_of(stream: IO[bytes]) -> Iterator[Any]:
    """Yield what is in the lines of a dump. Raises GambrelError for what is no JSON."""
    number = 0
    try:
        for line in stream:
            number += 1
            yield msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise broken(f"line {number} of the dump is no JSON: {error}") from error
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise broken(f"the dump cannot be read behind line {number}: {error}") from error


def broken(what: str) -> GambrelError:
    """Return the error of a file that is no dump, or not a whole one."""
    return GambrelError("db.dump", what, "", "write it anew: `gambrel db dump TARGET FILE`")
