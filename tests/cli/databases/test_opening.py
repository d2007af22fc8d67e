import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gambrel.cli.main import main

APP = """
from gambrel import App
from gambrel.db import NAMING, Database, Model
from sqlalchemy import MetaData

class Audit(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)

app = App(extensions=[
    Database("sqlite:///shop.db", writes_on_get=True),
    Database("postgresql://me:hunter2@127.0.0.1:9/audit", name="audit", models=Audit),
])
"""


@pytest.fixture
def site(folder: Path) -> Path:
    (folder / "app.py").write_text(APP)
    (folder / "instance").mkdir()
    connection = sqlite3.connect(folder / "instance" / "shop.db")
    connection.execute("CREATE TABLE hero (name TEXT)")
    connection.execute("INSERT INTO hero VALUES ('Deadpond')")
    connection.commit()
    connection.close()
    return folder


def shell(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["db", "shell", *arguments], input=typed)


def program(folder: Path, name: str, script: str) -> None:
    """Put a program on the path that stands for a client."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def clients(site, tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("bin")
    program(folder, "psql", 'echo "$@" > told; echo "$PGPASSWORD" > password; exit 3')
    program(folder, "sqlite3", 'echo "$@" > told')
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    return site


def test_the_client_is_started_and_its_exit_code_is_ours(clients):
    ended = shell("--database", "audit")

    assert ended.exit_code == 3
    assert (clients / "told").read_text() == "postgresql://me@127.0.0.1:9/audit\n"


def test_a_password_is_in_the_environment_alone(clients):
    shell("app.py", "--database", "database_audit")

    assert "hunter2" not in (clients / "told").read_text()
    assert (clients / "password").read_text() == "hunter2\n"


def test_without_a_name_it_is_the_database_that_has_none(clients):
    ended = shell("--read-only")

    assert ended.exit_code == 0
    assert (clients / "told").read_text() == "-readonly instance/shop.db\n"


def test_a_name_that_no_database_has_is_refused(site):
    ended = shell("--database", "audits")

    assert ended.exit_code == 1
    assert "this app has no database 'audits'" in ended.output
    assert "--database, one of: database, audit" in ended.output


def test_an_app_without_a_database_is_told(folder):
    (folder / "app.py").write_text("from gambrel import App\napp = App()\n")

    ended = shell()

    assert ended.exit_code == 1
    assert "this app has no database" in ended.output


def test_where_the_client_is_not_installed_our_own_prompt_is_named(site, monkeypatch):
    monkeypatch.setenv("PATH", str(site))

    ended = shell()

    assert ended.exit_code == 1
    assert "sqlite3, is not installed" in ended.output
    assert "--plain" in ended.output


def test_our_own_prompt_shows_rows_and_changes_them(site):
    ended = shell(
        "--plain", typed="INSERT INTO hero VALUES ('B');\nSELECT name\nFROM hero;\nSELEKT;\n\\q\n"
    )

    assert ended.exit_code == 0
    assert "1 rows changed" in ended.output
    assert "Deadpond" in ended.output
    assert "(2 rows)" in ended.output
    assert "error: near" in ended.output


def test_our_own_prompt_can_be_one_that_only_reads(site):
    ended = shell("--plain", "--read-only", typed="DELETE FROM hero;\nSELECT name FROM hero;\n")

    assert "error: something is written by a session that only reads" in ended.output
    assert "Deadpond" in ended.output


def test_a_file_that_there_is_not_is_not_made(site):
    (site / "instance" / "shop.db").unlink()

    ended = [shell(), shell("--plain")]

    assert [one.exit_code for one in ended] == [1, 1]
    assert "there is no file" in ended[0].output
    assert list((site / "instance").iterdir()) == []
