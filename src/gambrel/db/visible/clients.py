"""A database's own client: which program it is, and how it is started. A password is no argument.

Arguments are seen by everybody who lists the processes of a machine; the environment is not.
"""

import os
import shutil
from collections.abc import Callable, Mapping

from msgspec import Struct
from sqlalchemy import URL

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.urls import Address

__all__ = ["Client", "check_there", "client_of"]

Find = Callable[[str], str | None]


class Client(Struct, frozen=True):
    """A program with its arguments, and what it is told besides by the environment."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def client_of(address: Address, *, read_only: bool = False, find: Find = shutil.which) -> Client:
    """Return the client of a database; `find` says where a program is.

    Raises GambrelError where it is not installed, or where there is no file to open.
    """
    check_there(address)
    program = {"sqlite": sqlite, "postgresql": psql}.get(address.kind, mariadb)
    made = program(address, read_only=read_only)
    names = ("mariadb", "mysql") if address.kind == "mariadb" else made.arguments[:1]
    for name in names:
        if (path := find(name)) is not None:
            return Client((path, *made.arguments[1:]), made.environment)
    what = f"the client of {address.kind}, {' or '.join(names)}, is not installed"
    hint = "install it, or type SQL at our own prompt: `gambrel db shell --plain`"
    raise GambrelError("db.no-client", what, address.shown, hint)


def check_there(address: Address) -> None:
    """Raise GambrelError for a file that there is not: to open it would make it."""
    if address.kind != "sqlite" or (address.file is not None and address.file.exists()):
        return
    what = f"there is no file {address.file}" if address.file else "the database is in memory"
    hint = "start the app once, or correct the URL: GAMBREL_DATABASE_URL"
    raise GambrelError("db.no-client", what, address.shown, hint)


def sqlite(address: Address, *, read_only: bool) -> Client:
    """The client of SQLite."""
    options = ("-readonly",) if read_only else ()
    return Client(("sqlite3", *options, str(address.file)), {})


def psql(address: Address, *, read_only: bool) -> Client:
    """The client of PostgreSQL, with the options that the URL has."""
    given = address.for_threads
    parts = given.username, None, given.host, given.port, given.database, given.query
    url = URL.create("postgresql", *parts)
    environment = {}
    if given.password:
        environment["PGPASSWORD"] = str(given.password)
    if read_only:
        before = os.environ.get("PGOPTIONS", "")
        environment["PGOPTIONS"] = f"{before} -c default_transaction_read_only=on".strip()
    return Client(("psql", url.render_as_string()), environment)


def mariadb(address: Address, *, read_only: bool) -> Client:
    """The client of MariaDB, or of MySQL."""
    url = address.for_threads
    options = [
        f"--{name}={value}"
        for name, value in (("host", url.host), ("port", url.port), ("user", url.username))
        if value is not None
    ]
    if socket := url.query.get("unix_socket"):
        options.append(f"--socket={socket}")
    if read_only:
        options.append("--init-command=SET SESSION TRANSACTION READ ONLY")
    environment = {"MYSQL_PWD": str(url.password)} if url.password else {}
    return Client(("mariadb", *options, *([url.database] if url.database else [])), environment)
