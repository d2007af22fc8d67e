import sqlite3
from contextlib import closing

import pytest

from gambrel.cli.databases.projects import project_of
from gambrel.cli.target import load_app
from gambrel.db.testing import check_migrations
from gambrel.testing import Client

SEVERAL = """
from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import NAMING, Database, Model


class Shop(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Audit(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class Hero(Shop):
    id: Mapped[int] = mapped_column(primary_key=True)


class Entry(Audit):
    id: Mapped[int] = mapped_column(primary_key=True)


app = App(
    extensions=[
        Database("sqlite:///shop.db", metadata=Shop.metadata, migrate=True),
        Database("sqlite:///audit.db", name="audit", models=Audit, migrate=True),
    ]
)
"""


def test_the_migrations_of_an_app_lie_beside_the_file_of_its_database(heroes):
    project = project_of(heroes.app)

    assert project.folders[-1].path == heroes.folder / "migrations"
    assert project.target == heroes.app
    assert str(project.address.file) == "instance/app.db"


def tables(file) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    return names & {"hero", "entry"}


@pytest.fixture
def several(heroes, gambrel):
    """Two databases, each with a migration."""
    heroes.code = SEVERAL
    heroes.app = heroes.write()
    for name in ([], ["--database", "audit"]):
        made = gambrel("db", "make", heroes.app, "-m", "first", *name)
        assert made.exit_code == 0, made.output
    return heroes


def test_each_database_has_migrations_of_its_own(several, gambrel):
    def run(command: str, *more: str) -> str:
        result = gambrel("db", command, several.app, "--database", "audit", *more)
        assert result.exit_code == 0, result.output
        return result.stdout

    files = sorted(str(path.relative_to(several.folder)) for path in several.folder.glob("*/0*.py"))
    assert files == ["migrations/0001_first.py", "migrations_audit/0001_first.py"]
    assert run("up").startswith("up 0001_first")
    assert tables(several.folder / "instance" / "audit.db") == {"entry"}
    assert not (several.folder / "instance" / "shop.db").exists()
    assert run("show").startswith("[x] 0001_first")
    assert run("check", "--drift") == "no problems\n"
    assert "CREATE TABLE entry" in run("sql")

    assert "wrote migrations_audit/0002_more.py" in run("make", "-m", "more", "--empty")
    assert run("up").startswith("up 0002_more")
    assert "wrote migrations_audit/0003_squashed.py" in run("squash")
    assert run("up") == "the database is up to date\n"
    assert run("stamp", "0003") == "stamped 0003_squashed\n"
    assert run("down").startswith("down 0003_squashed")
    assert tables(several.folder / "instance" / "audit.db") == set()
    assert gambrel("db", "show", several.app).stdout == "[ ] 0001_first\n"


def test_an_app_migrates_all_its_databases_at_its_start(several):
    with Client(load_app(several.app)):
        pass

    assert tables(several.folder / "instance" / "shop.db") == {"hero"}
    assert tables(several.folder / "instance" / "audit.db") == {"entry"}


def test_the_migrations_of_all_databases_are_tested(several):
    app = load_app(several.app)
    check_migrations(app)
    (several.folder / "migrations_audit" / "0001_first.py").unlink()

    with pytest.raises(AssertionError, match="entry: in the models, not in the migrations"):
        check_migrations(app)
