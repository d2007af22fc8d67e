import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from gambrel.cli.main import main

APP = """
from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import ChangeLog, Database, Model, Recorded


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Change(ChangeLog, Base):
    pass


class Team(Recorded, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    mail: Mapped[str | None] = mapped_column(info={"personal": "email"})


app = App(extensions=[Database("sqlite:///app.db", metadata=Base.metadata)])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    (tmp_path / "carried.py").write_text(APP)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "teams.json").write_text(
        '{"Team": [{"name": "Avengers", "mail": "a@example.com"}]}'
    )
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(main, ["db", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def names(file):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT name, mail FROM team").fetchall()


def test_rows_are_planted_dumped_backed_up_and_loaded(folder):
    assert run("seed", "carried.py", "--create") == "seeds/teams.json: planted\n"
    run("seed", "carried.py")
    assert run("dump", "carried.py", "all.zip") == "all.zip: 2 rows of 2 tables\n"
    run("dump", "carried.py", "nobody.jsonl", "--anonymous")
    assert run("backup", "carried.py", "copy.db").startswith("copy.db: ")
    (folder / "elsewhere.py").write_text(APP.replace("app.db", "other.db"))
    told = run("load", "elsewhere.py", "all.zip", "--create")
    run("load", "elsewhere.py", "nobody.jsonl", "--replace")

    assert told == "2 rows of 2 tables, each as in all.zip\n"
    assert names(folder / "app.db") == names(folder / "copy.db") == [("Avengers", "a@example.com")]
    ((name, mail),) = names(folder / "other.db")
    assert name == "Avengers"
    assert mail.endswith("@example.invalid")


def test_seeds_are_written_by_our_session_which_keeps_a_history(folder):
    run("seed", "carried.py", "--create")

    with closing(sqlite3.connect(folder / "app.db")) as connection:
        assert connection.execute("SELECT action, model FROM change").fetchall() == [
            ("create", "Team")
        ]


@pytest.mark.parametrize("command", [["seed"], ["dump", "carried.py", "all.zip"]])
def test_a_database_without_tables_is_told(folder, command):
    result = CliRunner().invoke(main, ["db", command[0], *(command[1:] or ["carried.py"])])

    assert result.exit_code == 1
    assert "the database has no table change, team" in result.output


def test_a_file_that_is_there_is_not_written_over(folder):
    run("seed", "carried.py", "--create")
    run("dump", "carried.py", "all.zip")

    result = CliRunner().invoke(main, ["db", "dump", "carried.py", "all.zip"])

    assert result.exit_code == 1
    assert "db.file-exists" in result.output
