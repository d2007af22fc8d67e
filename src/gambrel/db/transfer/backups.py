"""A backup of SQLite while apps write to it: whole, of one moment, and looked at."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.urls import Address
from gambrel.db.transfer.files import private

__all__ = ["backup"]

_PAGES = 1000
_PAUSE = 0.01
"""Seconds for others, between some pages and the next."""
_OTHERS = {"postgresql": "pg_dump", "mariadb": "mariadb-dump"}


def backup(address: Address, file: Path) -> int:
    """Copy a database into a new file that only its owner may read; return its size in bytes.

    Raises GambrelError where there is such a file, no SQLite, or a database that is damaged.
    """
    source = address.file
    if source is None or not source.is_file():
        other = _OTHERS.get(address.kind)
        what = f"{address.shown} is no file of SQLite" if other else f"there is no file {source}"
        hint = f"{other}, or `gambrel db dump`" if other else "name the app whose database it is"
        raise GambrelError("db.backup", what, "gambrel db backup", hint)
    if file.exists():
        hint = "name another file, or remove this one"
        raise GambrelError("db.file-exists", f"{file} is there already", "", hint)
    part, opened = private(file)
    opened.close()
    try:
        copy(source, part)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def copy(source: Path, target: Path) -> None:
    """Copy a database page by page, and look at the copy. Raises GambrelError."""
    read = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    with closing(read), closing(sqlite3.connect(target)) as write:
        read.execute("BEGIN")  # of one moment: without it, each write of others begins it anew
        read.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        read.backup(write, pages=_PAGES, sleep=_PAUSE)
        (found,) = write.execute("PRAGMA integrity_check(1)").fetchone()
        write.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    if found != "ok":
        what = f"the database is damaged: {found}"
        raise GambrelError("db.backup", what, str(source), "take an older backup, or `.recover`")
