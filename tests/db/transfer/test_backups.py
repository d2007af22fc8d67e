import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.db.connections.urls import parse_address
from gambrel.db.transfer.backups import backup


@pytest.fixture
def source(tmp_path):
    """Return a database in which each row has the number of rows before it."""
    file = tmp_path / "app.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (n INTEGER, filler TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", ((n, "x" * 900) for n in range(9000)))
        connection.commit()
    return parse_address(f"sqlite:///{file}", Path())


def test_a_copy_is_whole_while_others_write(source, tmp_path):
    stopping, copy = threading.Event(), tmp_path / "copy.db"

    def write() -> None:
        with closing(sqlite3.connect(source.file, timeout=30)) as connection:
            while not stopping.is_set():
                connection.execute("INSERT INTO t SELECT count(*), 'new' FROM t")
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        size = backup(source, copy)
    finally:
        stopping.set()
        writer.join()

    assert size == copy.stat().st_size
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        count, highest = connection.execute("SELECT count(*), max(n) FROM t").fetchone()
    assert count == highest + 1
    assert count >= 9000
    assert sorted(one.name for one in tmp_path.glob("*copy*")) == ["copy.db"]


def test_a_file_that_is_there_is_kept(source, tmp_path):
    (tmp_path / "copy.db").write_text("mine")

    with pytest.raises(GambrelError, match="is there already"):
        backup(source, tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_damaged_database_makes_no_backup(source, tmp_path):
    with source.file.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 40_000)

    with pytest.raises((GambrelError, sqlite3.DatabaseError)):
        backup(source, tmp_path / "copy.db")

    assert not (tmp_path / "copy.db").exists()


@pytest.mark.parametrize(
    ("url", "told"), [("postgresql://x/y", "pg_dump"), ("sqlite:///missing.db", "no file")]
)
def test_what_is_no_file_is_told(url, told, tmp_path):
    with pytest.raises(GambrelError) as caught:
        backup(parse_address(url, tmp_path), tmp_path / "copy.db")

    assert told in str(caught.value)
