"""An empty database of each kind for a test: `url`. Those of servers are made once a process."""

import getpass
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

NAME = f"gambrel_test_{os.getpid()}"
SERVERS = {
    "postgresql": (f"postgresql+psycopg://{getpass.getuser()}@127.0.0.1:5432/", "postgres"),
    "mariadb": ("mysql+pymysql://root@127.0.0.1:3306/", "mysql"),
}
MADE: set[str] = set()
"""Where it is; each room that imports the fixture has one of its own."""
EMPTY = {
    "postgresql": ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"),
    "mariadb": (f"DROP DATABASE {NAME}", f"CREATE DATABASE {NAME}"),
}
KINDS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.service("postgres")),
    pytest.param("mariadb", marks=pytest.mark.service("mariadb")),
]


def run(server: str, name: str, *statements: str) -> None:
    """Run statements on a server, each for itself."""
    engine = create_engine(server + name, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def servers() -> Iterator[set[str]]:
    """Say which servers have our database already; it is dropped at the end."""
    yield MADE
    while MADE:
        kind = MADE.pop()
        server, admin = SERVERS[kind]
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        run(server, admin, f"DROP DATABASE IF EXISTS {NAME}{force}")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path, servers: set[str]) -> str:
    """Return the URL of an empty database."""
    return empty(request.param, tmp_path, servers)


@pytest.fixture
def postgres(tmp_path, servers: set[str]) -> str:
    """Return the URL of an empty database of PostgreSQL."""
    return empty("postgresql", tmp_path, servers)


@pytest.fixture
def mariadb(tmp_path, servers: set[str]) -> str:
    """Return the URL of an empty database of MariaDB."""
    return empty("mariadb", tmp_path, servers)


@pytest.fixture
def sqlite(tmp_path) -> str:
    """Return the URL of a file of SQLite that is not there yet."""
    return f"sqlite:///{tmp_path}/test.db"


def empty(kind: str, tmp_path, servers: set[str]) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    server, admin = SERVERS[kind]
    if kind not in servers:
        run(server, admin, f"CREATE DATABASE {NAME}")
        servers.add(kind)
    run(server, NAME, *EMPTY[kind])
    return server.replace("+psycopg", "").replace("mysql+pymysql", "mariadb") + NAME
