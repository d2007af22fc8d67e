"""A search beside migrations: its index is no table of theirs, and outlives what they do."""

import sqlite3
import sys
from contextlib import closing

import pytest

from gambrel.testing import run_command

APP = """
from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import NAMING, Database, FullText, Model


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Book(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    # more


BOOKS = FullText(Book.title)
app = App(extensions=[Database("sqlite:///books.db", metadata=Base.metadata, migrate=True)])
"""
MORE = "price: Mapped[int | None] = mapped_column(unique=True)"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what runs a command of `gambrel db` on the app, and what finds books."""
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path / "instance"))

    def command(*words):
        sys.modules.pop("app", None)
        done = run_command(["db", words[0], str(tmp_path / "app.py"), *words[1:]])
        assert done.exit_code == 0, done.stderr
        return done.stdout

    (tmp_path / "app.py").write_text(APP)
    yield command
    sys.modules.pop("app", None)


def found(folder, word):
    with closing(sqlite3.connect(folder / "instance/books.db")) as made:
        return [rowid for (rowid,) in made.execute("SELECT rowid FROM book_search(?)", (word,))]


def write(folder, title):
    with closing(sqlite3.connect(folder / "instance/books.db")) as made, made:
        made.execute("INSERT INTO book (title) VALUES (?)", (title,))


def test_an_index_is_made_with_migrations_and_outlives_a_table_that_is_rebuilt(run, tmp_path):
    run("make", "-m", "books")
    run("up")
    write(tmp_path, "Dune")
    assert found(tmp_path, "dune") == [1]
    assert "alike" in run("make", "-m", "nothing")

    (tmp_path / "app.py").write_text(APP.replace("# more", MORE))
    run("make", "-m", "prices")
    run("up")
    write(tmp_path, "Dune Messiah")
    assert found(tmp_path, "dune") == [1, 2]
    assert "no problems" in run("check", "--drift")

    run("down", "--to", "base")
    with closing(sqlite3.connect(tmp_path / "instance/books.db")) as made:
        left = {name for (name,) in made.execute("SELECT name FROM sqlite_master")}
    assert not any(name.startswith("book") for name in left)
