"""The database: a file of SQLite, a connection for each request, and its rows as types."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

__all__ = ["Post", "User", "connections", "init"]

SCHEMA = Path(__file__).with_name("schema.sql")


class User(Struct):
    """Who writes."""

    id: int
    username: str
    password: str


class Post(Struct):
    """What somebody has written."""

    id: int
    title: str
    body: str
    created: str
    author_id: int
    username: str


def connect(file: Path) -> sqlite3.Connection:
    """Open the database. Another thread may close it than has opened it."""
    found = sqlite3.connect(file, check_same_thread=False)
    found.row_factory = sqlite3.Row
    found.execute("PRAGMA foreign_keys = ON")
    return found


def init(file: Path) -> None:
    """Make the tables, and forget what was in them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    found = connect(file)
    try:
        found.executescript(SCHEMA.read_text(encoding="utf-8"))
    finally:
        found.close()


def connections(file: Path) -> Callable[[], Iterator[sqlite3.Connection]]:
    """Return what opens a connection for a request: committed when that succeeds, and closed."""

    def connection() -> Iterator[sqlite3.Connection]:
        found = connect(file)
        try:
            with found:
                yield found
        finally:
            found.close()

    return connection
