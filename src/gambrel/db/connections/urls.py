"""URLs of databases: which drivers they mean, and which file.

`engines.py` makes engines of what is returned here. Knows no app.
"""

from pathlib import Path
from typing import Literal

from msgspec import Struct
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from gambrel.core.http.errors import GambrelError

__all__ = ["Address", "Kind", "parse_address"]

Kind = Literal["sqlite", "postgresql", "mariadb"]

_KINDS: dict[str, Kind] = {
    "sqlite": "sqlite",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mariadb",
    "mariadb": "mariadb",
}
# Of each kind: the drivers of async engines and of plain ones, and the extra that brings them.
_ASYNC = {"sqlite": "aiosqlite", "postgresql": "psycopg", "mariadb": "asyncmy"}
_PLAIN = {"sqlite": "pysqlite", "postgresql": "psycopg", "mariadb": "pymysql"}
_FORM = "write sqlite:///app.db, postgresql://user@host/name or mariadb://user@host/name"


class Address(Struct, frozen=True):
    """Where a database is: for async engines, for plain ones; `file` of SQLite, None in memory."""

    kind: Kind
    for_async: URL
    for_threads: URL
    file: Path | None = None

    @property
    def shown(self) -> str:
        """The URL for people, without its password."""
        url = self.for_threads.set(drivername=self.kind)
        hidden = {name: "hidden" for name in url.query if "pass" in name.lower()}
        return url.update_query_dict(hidden).render_as_string(hide_password=True)

    def at(self, file: Path) -> "Address":
        """Return the address of an SQLite file."""
        name = str(file)
        for_async = self.for_async.set(database=name)
        return Address(self.kind, for_async, self.for_threads.set(database=name), file)


def parse_address(text: str, folder: Path) -> Address:
    """Return the address in a URL; a relative file of SQLite is in `folder`.

    Raises GambrelError for what is no URL of a database that we know.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter of a port, in whose place a password may be
        raise unknown("what is given is no URL") from None
    name, _, driver = url.drivername.partition("+")
    if name not in _KINDS:
        raise unknown(f"{name!r} is no database that we know")
    if "password" in url.query:  # where it is taken for no secret
        url = url.set(password=str(url.query["password"])).difference_update_query(["password"])
    kind = _KINDS[name]
    if driver not in {"", _ASYNC[kind], _PLAIN[kind]}:
        raise unknown(f"{driver!r} is no driver of {kind} that is used here")
    backend = "mysql" if kind == "mariadb" else kind
    address = Address(
        kind,
        url.set(drivername=f"{backend}+{_ASYNC[kind]}"),
        url.set(drivername=f"{backend}+{_PLAIN[kind]}"),
    )
    if kind != "sqlite" or url.database in {None, "", ":memory:"}:
        return address
    return address.at(folder / str(url.database))


def unknown(what: str) -> GambrelError:
    """Return the error of a URL that means nothing here; a password in it is not told."""
    return GambrelError("db.url", what, "the URL of the database", _FORM)
