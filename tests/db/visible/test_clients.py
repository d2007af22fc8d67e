from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.db.connections.urls import parse_address
from gambrel.db.visible.clients import client_of


def started(url: str, tmp_path: Path, *, read_only: bool = False, missing: str = ""):
    address = parse_address(url, tmp_path)

    def find(name: str) -> str | None:
        return None if name == missing else f"/usr/bin/{name}"

    return client_of(address, read_only=read_only, find=find)


@pytest.mark.parametrize(
    ("url", "arguments", "environment"),
    [
        ("postgresql://me:p@h:5/x", ("psql", "postgresql://me@h:5/x"), {"PGPASSWORD": "p"}),
        (
            "postgresql+psycopg://h/x?sslmode=require",
            ("psql", "postgresql://h/x?sslmode=require"),
            {},
        ),
        (
            "mariadb://me:p@h:5/x",
            ("mariadb", "--host=h", "--port=5", "--user=me", "x"),
            {"MYSQL_PWD": "p"},
        ),
        ("postgresql://h/x?password=p", ("psql", "postgresql://h/x"), {"PGPASSWORD": "p"}),
        ("mysql://h", ("mariadb", "--host=h"), {}),
        (
            "mariadb:///x?unix_socket=/run/db",
            ("mariadb", "--socket=/run/db", "x"),
            {},
        ),
    ],
)
def test_a_client_is_started_by_the_url(url, arguments, environment, tmp_path):
    client = started(url, tmp_path)

    assert client.arguments == (f"/usr/bin/{arguments[0]}", *arguments[1:])
    assert client.environment == environment


def test_a_file_is_opened_by_its_path(tmp_path):
    (tmp_path / "a.db").touch()

    client = started("sqlite:///a.db", tmp_path, read_only=True)

    assert client.arguments == ("/usr/bin/sqlite3", "-readonly", str(tmp_path / "a.db"))


def test_what_would_change_anything_is_refused_on_demand(tmp_path, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c x=1")
    postgres = started("postgresql://h/x", tmp_path, read_only=True)
    mariadb = started("mariadb://h/x", tmp_path, read_only=True)

    assert postgres.environment == {"PGOPTIONS": "-c x=1 -c default_transaction_read_only=on"}
    assert "--init-command=SET SESSION TRANSACTION READ ONLY" in mariadb.arguments


def test_the_client_of_mysql_does_as_well(tmp_path):
    client = started("mariadb://h/x", tmp_path, missing="mariadb")

    assert client.arguments[0] == "/usr/bin/mysql"


@pytest.mark.parametrize("url", ["sqlite:///none.db", "sqlite://"])
def test_there_is_nothing_to_open_before_the_app_was_started(url, tmp_path):
    with pytest.raises(GambrelError, match=r"there is no file|in memory") as caught:
        started(url, tmp_path)
    assert caught.value.code == "db.no-client"
    assert list(tmp_path.iterdir()) == []


def test_a_client_that_is_not_installed_is_named_and_no_password_is(tmp_path):
    with pytest.raises(GambrelError, match="psql, is not installed") as caught:
        started("postgresql://me:hunter2@h/x", tmp_path, missing="psql")
    assert "hunter2" not in str(caught.value)
