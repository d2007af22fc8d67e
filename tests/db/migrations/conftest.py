"""A folder of migrations for a test, and what is done with it: `bench.write(...)`, `bench.up()`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, text

from gambrel.db.connections.urls import parse_address
from gambrel.db.migrations.folders import MigrationFolder, Project
from gambrel.db.migrations.history import History
from gambrel.db.migrations.running.opening import connected
from gambrel.db.migrations.running.runner import Runner
from gambrel.db.models import NAMING
from tests.db.conftest import empty

HEAD = '''"""{name}."""

import sqlalchemy as sa
from alembic import op

from gambrel.db.migrations import *  # noqa: F403

revision = "{name}"
down_revision = {before!r}
{more}

def upgrade() -> None:
{up}
'''
DOWN = """
def downgrade() -> None:
{down}
"""


class Bench:
    """A project whose files a test writes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.address = parse_address(url, folder)
        self.folder = folder / "migrations"
        self.metadata = MetaData(naming_convention=NAMING)
        self.others: list[MigrationFolder] = []
        self.last: str | None = None

    @property
    def project(self) -> Project:
        own = MigrationFolder("app", self.folder)
        return Project(self.address, self.metadata, [*self.others, own])

    @property
    def history(self) -> History:
        return History(self.project)

    def write(
        self, name: str, up: str = "pass", down: str | None = "pass", more: str = "", **given: Any
    ) -> Path:
        """Write a migration behind the last one, or behind `before`."""
        before = given.get("before", self.last)
        place = given.get("folder", self.folder)
        place.mkdir(exist_ok=True)
        code = HEAD.format(name=name, before=before, more=more, up=block(up))
        if down is not None:
            code += DOWN.format(down=block(down))
        path: Path = place / f"{name}.py"
        path.write_text(code)
        if "before" not in given:
            self.last = name
        return path

    def within(self, work: Callable[[Connection], Any]) -> Any:
        with connected(self.address) as connection:
            found = work(connection)
            connection.rollback()
            return found

    def up(self, to: str = "", **options: Any) -> list[str]:
        """Apply migrations; return which."""
        done: list[str] = []
        self.within(
            lambda c: Runner(
                self.project, self.history, c, lambda revision, _: done.append(revision.id)
            ).up(to, **options)
        )
        return done

    def down(self, to: Sequence[str] = ()) -> list[str]:
        done: list[str] = []
        self.within(
            lambda c: Runner(
                self.project, self.history, c, lambda revision, _: done.append(revision.id)
            ).down(to, "app")
        )
        return done

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self.within(lambda c: [tuple(row) for row in c.execute(text(statement))])

    def run(self, *statements: str) -> None:
        """Run SQL beside migrations."""

        def work(connection: Connection) -> None:
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()

        self.within(work)


def block(code: str) -> str:
    return indent(dedent(code).strip(), "    ")


@pytest.fixture
def bench(url: str, tmp_path: Path) -> Bench:
    """A project on each kind of database."""
    return Bench(url, tmp_path)


@pytest.fixture
def small(sqlite: str, tmp_path: Path) -> Bench:
    """A project on SQLite."""
    return Bench(sqlite, tmp_path)


@pytest.fixture
def large(postgres: str, tmp_path: Path) -> Bench:
    """A project on PostgreSQL."""
    return Bench(postgres, tmp_path)


@pytest.fixture
def maria(tmp_path: Path, servers: set[str]) -> Bench:
    """A project on MariaDB."""
    return Bench(empty("mariadb", tmp_path, servers), tmp_path)
