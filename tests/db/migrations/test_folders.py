from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table

from gambrel.db.connections.urls import parse_address
from gambrel.db.migrations.folders import APP, MigrationFolder, Project, tables_of
from gambrel.db.models import Model


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


USER = Table("user", Base.metadata, Column("id", Integer, primary_key=True))
POST = Table("post", Base.metadata, Column("id", Integer, primary_key=True))


def test_tables_are_those_of_models_tables_and_metadata():
    model = type("Row", (), {"__table__": POST})

    assert list(tables_of([USER, model])) == [USER, POST]
    assert list(tables_of([Base.metadata])) == [USER, POST]


def test_a_table_belongs_to_the_folder_that_says_so_else_to_the_app():
    accounts = MigrationFolder("accounts", Path("a"), [USER])
    app = MigrationFolder(APP, Path("b"))
    project = Project(parse_address("sqlite:///x.db", Path()), Base.metadata, [accounts, app])

    assert project.owner(USER) is accounts
    assert project.owner(POST) is app
    assert project.folder("accounts") is accounts
    assert project.folder("other") is None
