"""An app with a model and a database, in a folder: `shop`."""

from pathlib import Path

import pytest

from tests.db.conftest import postgres, servers  # noqa: F401 - fixtures

APP = """
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import Database, Model


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=Model.metadata.naming_convention)


class Hero(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


app = App(extensions=[Database("sqlite:///app.db", metadata=Base.metadata)])
"""


class Heroes:
    """An app whose model a test changes; each time it is another file, for Python keeps modules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = 0
        self.code = APP
        self.app = self.write()

    def write(self) -> str:
        self.number += 1
        name = f"app{self.number}.py"
        (self.folder / name).write_text(self.code)
        return name

    def change(self, old: str, new: str) -> str:
        self.code = self.code.replace(old, new)
        self.app = self.write()
        return self.app


@pytest.fixture
def heroes(folder: Path) -> Heroes:
    return Heroes(folder)
