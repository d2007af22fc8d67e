"""Databases that are made empty, used for a moment and dropped: on the same server, or in a file.

What models and migrations make is found out there, so that no database of anybody has to be at hand
or in a certain state.
"""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.urls import Address
from gambrel.db.migrations.folders import Project
from gambrel.db.migrations.history import History
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.runner import Runner
from gambrel.db.migrations.schemas import Schema, read_schema

__all__ = ["migrated", "schema_of_models", "schemas_of", "scratch"]


@contextmanager
def scratch(address: Address) -> Iterator[Address]:
    """Make a database, and drop it. Raises GambrelError where the server does not let us."""
    if address.kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="gambrel-") as folder:
            yield address.at(Path(folder) / "scratch.db")
        return
    name = f"gambrel_scratch_{secrets.token_hex(6)}"
    administer(address, f"CREATE DATABASE {name}")
    try:
        yield replace(
            address,
            for_async=address.for_async.set(database=name),
            for_threads=address.for_threads.set(database=name),
        )
    finally:
        force = " WITH (FORCE)" if address.kind == "postgresql" else ""
        administer(address, f"DROP DATABASE IF EXISTS {name}{force}")


def administer(address: Address, statement: str) -> None:
    """Run a statement on the server itself. Raises GambrelError."""
    general = "postgres" if address.kind == "postgresql" else None
    problem: Exception | None = None
    for url in dict.fromkeys([address.for_threads, with_database(address.for_threads, general)]):
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(statement)
        except (DBAPIError, ModuleNotFoundError) as error:
            problem = problem or error
        else:
            return
    reason = getattr(problem, "orig", None) or problem
    raise GambrelError(
        "db.scratch",
        f"an empty database for comparison cannot be made or dropped: {reason}",
        address.shown,
        "let the user make databases (PostgreSQL: ALTER ROLE … CREATEDB), or name a server of "
        "the same kind for this command: GAMBREL_DATABASE_URL=postgresql://localhost/x",
    ) from problem


def with_database(url: URL, name: str | None) -> URL:
    """Return the URL of another database of the same server."""
    return URL.create(
        url.drivername, url.username, url.password, url.host, url.port, name, url.query
    )


def schemas_of(project: Project) -> list[str | None]:
    """Return the schemas that models name."""
    named = {table.schema for table in project.metadata.tables.values()}
    return [None, *sorted(filter(None, named))]


def make_schemas(project: Project, connection: Connection) -> None:
    """Make the schemas that models name, as a migration or an administrator would."""
    for schema in schemas_of(project)[1:]:
        quoted = connection.dialect.identifier_preparer.quote(str(schema))
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quoted}")


@contextmanager
def migrated(project: Project, history: History) -> Iterator[Connection]:
    """Connect to a database that all migrations were applied to. Raises GambrelError."""
    with scratch(project.address) as address, connected(address) as connection:
        own = replace(project, address=address)
        Runner(own, history, connection).up()
        yield connection
        connection.rollback()


def schema_of_models(project: Project) -> Schema:
    """Return what the models want."""
    with scratch(project.address) as address, connected(address) as connection:
        make_schemas(project, connection)
        project.metadata.create_all(connection)
        connection.commit()
        schema = read_schema(connection, schemas_of(project))
        connection.rollback()
        return schema
