import asyncio

import pytest
from sqlalchemy import MetaData, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import AsyncSession, Database, FileOf, Model
from gambrel.files import MediaFiles, MemoryStorage, Stored
from tests.db.several import ledger
from tests.db.shop import Base, Hero, Team, make_database


class Papers(Model):
    __abstract__ = True
    metadata = MetaData()


class Paper(Papers):
    id: Mapped[int] = mapped_column(primary_key=True)
    scan: Mapped[Stored | None] = mapped_column(FileOf(Stored))


def test_the_models_are_those_of_the_database_and_no_bases():
    async def main() -> list[object]:
        app = App(extensions=[database := make_database("sqlite://")])
        async with app.running(), database.in_shell() as shell:
            return [one for one in shell.names.values() if isinstance(one, type)]

    found = [one for one in asyncio.run(main()) if issubclass(one, Model)]

    assert set(found) == {Hero, Team}
    assert Model not in found
    assert Base not in found


def test_a_line_is_committed_with_what_follows_it_and_one_that_fails_is_undone(url):
    told: list[str] = []

    async def main() -> int:
        app = App(extensions=[database := make_database(url)])
        async with app.running(), database.in_shell() as shell:
            db = shell.names["db"]
            db.add(shell.names["Hero"](name="A"))
            db.after_commit(told.append, "A")
            await shell.ended(None)
            db.add(Hero(name="B"))
            db.after_commit(told.append, "B")
            await db.flush()
            await shell.ended(ValueError())
            db.add(Hero(name="A"))
            with pytest.raises(IntegrityError):
                await shell.ended(None)
            return await db.scalar(shell.names["select"](func.count(Hero.id))) or 0

    assert asyncio.run(main()) == 1
    assert told == ["A"]


def test_files_of_a_line_go_where_it_fails_and_where_rows_go(sqlite):
    storage = MemoryStorage()
    media = MediaFiles(storage)
    database = Database(sqlite, create=True, metadata=Papers.metadata, files=media)

    async def main() -> list[int]:
        app, counts = App(extensions=[media, database]), []
        async with app.running(), database.in_shell() as shell:
            db = shell.names["db"]
            for line in (one, fails, nothing, goes):
                try:
                    await line(db)
                    await shell.ended(None)
                except LookupError as error:
                    await shell.ended(error)
                counts.append(len(storage.files))
        return counts

    async def one(db: AsyncSession) -> None:
        db.add(Paper(id=1, scan=await db.store(Paper.scan, b"%PDF-")))

    async def fails(db: AsyncSession) -> None:
        await db.store(Paper.scan, b"%PDF-")
        raise LookupError

    async def nothing(db: AsyncSession) -> None:
        await db.store(Paper.scan, b"%PDF-")

    async def goes(db: AsyncSession) -> None:
        await db.delete(await db.get_or_404(Paper, 1))

    assert asyncio.run(main()) == [1, 1, 1, 0]


def test_a_row_is_shown_as_it_is_by_now(sqlite):
    async def main() -> list[str]:
        app = App(extensions=[database := make_database(sqlite)])
        async with app.running(), database.in_shell() as shell:
            db = shell.names["db"]
            db.add(hero := Hero(name="A"))
            await shell.ended(None)
            async with database.session() as another:
                await another.execute(update(Hero).values(name="B"))
            found = [(await db.one_or_404(select(Hero))).name]
            hero.name = "C"
            return [*found, (await db.one_or_404(select(Hero))).name]

    assert asyncio.run(main()) == ["B", "C"]


def test_each_of_several_databases_has_a_session_and_the_first_has_all_models(tmp_path):
    async def main() -> list[str]:
        app = ledger.make_app(f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db")
        main_one, beside = app.extensions
        async with app.running(), main_one.in_shell() as one, beside.in_shell() as other:
            one.names["db"].add(ledger.Entry(text="x"))
            await one.ended(None)
            assert {"db", "Order", "Entry"} <= set(one.names)
            return list(await other.names["ledger"].scalars(select(ledger.Entry.text)))

    assert asyncio.run(main()) == ["x"]
