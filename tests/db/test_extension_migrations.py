"""An app that migrates itself when it starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from gambrel import App, GambrelError
from gambrel.db import MIGRATION_FOLDERS, AsyncSession, Database, MigrationFolder
from gambrel.testing import Client

FILE = """
from alembic import op

revision = "{name}"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TABLE {name} (id integer)")
"""


def write(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(FILE.format(name=name))
    return folder


def make_app(url: str, folder: Path, *extensions) -> App:
    database = Database(url, migrate=True, migrations=folder, metadata=MetaData())
    app = App(extensions=[database, *extensions])

    @app.get("/rows")
    async def rows(table: str, db: AsyncSession) -> int:
        found = await db.execute(text(f"SELECT count(*) FROM {table}"))
        return int(found.scalar_one())

    return app


def test_an_app_migrates_itself_when_it_starts(url, tmp_path):
    app = make_app(url, write(tmp_path / "steps", "hero"))

    for _ in range(2):
        with Client(app) as client:
            assert client.get("/rows?table=hero").json() == 0


def test_a_database_in_memory_is_migrated_at_each_start(tmp_path):
    app = make_app("sqlite://", write(tmp_path / "steps", "hero"))

    for _ in range(2):
        with Client(app) as client:
            assert client.get("/rows?table=hero").json() == 0


class Badges:
    name = "badges"
    requires = ("database",)
    settings = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, setup) -> None:
        setup.add(MIGRATION_FOLDERS, MigrationFolder("badges", self.folder))


def test_extensions_bring_migrations_of_their_own(url, tmp_path):
    badges = Badges(write(tmp_path / "badges", "badge"))
    app = make_app(url, write(tmp_path / "steps", "hero"), badges)

    with Client(app) as client:
        assert client.get("/rows?table=badge").json() == 0
        assert client.get("/rows?table=hero").json() == 0


def test_a_migration_that_fails_ends_the_start(sqlite, tmp_path):
    folder = write(tmp_path / "steps", "hero")
    (folder / "hero.py").write_text(FILE.format(name="hero").replace("CREATE TABLE", "NONSENSE"))

    with pytest.raises(GambrelError) as caught, Client(make_app(sqlite, folder)):
        pass

    assert caught.value.code == "db.migration-failed"


def test_migrations_lie_beside_the_file_that_says_so():
    assert Database().migrations == Path(__file__).parent / "migrations"
    assert Database(migrations="/a/b").migrations == Path("/a/b")


def test_alembic_is_loaded_by_nobody_who_does_not_migrate():
    code = "import gambrel.db, gambrel.db.migrations, sys; print('alembic' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
