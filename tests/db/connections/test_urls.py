from pathlib import Path

import pytest

from gambrel import GambrelError
from gambrel.db.connections.urls import parse_address


@pytest.mark.parametrize(
    ("text", "kind", "for_async", "for_threads"),
    [
        ("sqlite:///a.db", "sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"),
        ("postgres://h/n", "postgresql", "postgresql+psycopg", "postgresql+psycopg"),
        ("postgresql://h/n", "postgresql", "postgresql+psycopg", "postgresql+psycopg"),
        ("postgresql+psycopg://h/n", "postgresql", "postgresql+psycopg", "postgresql+psycopg"),
        ("mysql://h/n", "mariadb", "mysql+asyncmy", "mysql+pymysql"),
        ("mariadb+pymysql://h/n", "mariadb", "mysql+asyncmy", "mysql+pymysql"),
        ("mysql+asyncmy://h/n", "mariadb", "mysql+asyncmy", "mysql+pymysql"),
    ],
)
def test_one_url_is_for_both_kinds_of_engines(text, kind, for_async, for_threads):
    address = parse_address(text, Path("instance"))

    assert address.kind == kind
    assert address.for_async.drivername == for_async
    assert address.for_threads.drivername == for_threads


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("sqlite:///a.db", Path("/kept/a.db")),
        ("sqlite:///sub/a.db", Path("/kept/sub/a.db")),
        ("sqlite:////tmp/a.db", Path("/tmp/a.db")),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
    ],
)
def test_a_relative_file_is_in_the_folder(text, file):
    assert parse_address(text, Path("/kept")).file == file


@pytest.mark.parametrize(
    "text",
    [
        "",
        "heroes.db",
        "oracle://h/n",
        "user:hunter2@host",
        "postgresql://user:x@host:hunter2/n",
        "postgresql+asyncpg://user:hunter2@host/n",
        "mysql+aiomysql://user:hunter2@host/n",
    ],
)
def test_what_is_no_url_of_ours_is_refused_and_no_password_told(text):
    with pytest.raises(GambrelError) as raised:
        parse_address(text, Path())

    assert raised.value.code == "db.url"
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_password_is_not_shown():
    shown = parse_address("postgresql://me:hunter2@h/n", Path()).shown

    assert shown == "postgresql://me:***@h/n"


def test_a_password_among_the_options_is_none_of_them():
    address = parse_address("postgresql://me@h/n?password=hunter2&sslpassword=hunter3", Path())

    assert address.for_async.password == "hunter2"
    assert address.shown == "postgresql://me:***@h/n?sslpassword=hidden"
