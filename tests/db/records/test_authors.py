from typing import Any

from sqlalchemy import ForeignKey, MetaData, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel import App
from gambrel.db import AsyncSession, Authored, Database, Model, SyncSession
from gambrel.testing import Client
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Note(Authored, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("folder.id"))


class Folder(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    notes: Mapped[list[Note]] = relationship()


async def write(db: AsyncSession) -> None:
    db.actor = "ann"
    db.add(Note(text="first"))


async def change(db: AsyncSession) -> None:
    db.actor = "bob"
    (await db.get_or_404(Note, 1)).text = "second"


async def look(db: AsyncSession) -> Any:
    note = await db.get_or_404(Note, 1)
    return note.created_by, note.updated_by


def test_who_has_made_a_row_and_who_has_changed_it(url):
    assert run(Base, url, write, look) == ("ann", "ann")
    assert run(Base, url, change, look) == ("ann", "bob")


def test_who_puts_a_row_into_another_has_changed_it(sqlite):
    async def put(db: AsyncSession) -> None:
        db.actor = "bob"
        folder = Folder()
        db.add(folder)
        folder.notes.append(await db.get_or_404(Note, 1))

    assert run(Base, sqlite, write, put, look) == ("ann", "bob")


def test_nobody_is_made_up(sqlite):
    async def anonymous(db: AsyncSession) -> None:
        db.add(Note(text="?"))

    assert run(Base, sqlite, anonymous, look) == (None, None)
    assert run(Base, sqlite, write, anonymous, look) == (None, None)


def test_a_dependency_says_who_it_is_for_both_kinds_of_sessions(sqlite):
    app = App(extensions=[Database(sqlite, create=True, metadata=Base.metadata)])

    @app.post("/notes/{who}")
    def note(who: str, db: SyncSession) -> None:
        db.actor = who
        db.add(Note(text="x"))

    @app.get("/authors")
    async def authors(db: AsyncSession) -> list[str | None]:
        return list(await db.scalars(select(Note.created_by).order_by(Note.id)))

    with Client(app) as client:
        client.post("/notes/ann")
        client.post("/notes/bob")
        assert client.get("/authors").json() == ["ann", "bob"]
