import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import ForeignKey, MetaData, select, text
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import Conflict, GambrelError
from gambrel.db import (
    AsyncSession,
    Database,
    Model,
    SoftDelete,
    Tree,
    UUIDKey,
    ancestors,
    move,
    roots,
    subtree,
)
from gambrel.db.records.trees import DEPTH
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Topic(Tree, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Page(Tree, SoftDelete, Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class Folder(UUIDKey, Base):
    name: Mapped[str]
    above: Mapped[UUID | None] = mapped_column(ForeignKey("folder.id"))


class Pair(Base):
    a: Mapped[int] = mapped_column(primary_key=True)
    b: Mapped[int] = mapped_column(primary_key=True)


class Flat(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


async def grow(db: AsyncSession) -> None:
    for key, parent, name in (
        (1, None, "all"),
        (2, 1, "art"),
        (3, 1, "law"),
        (4, 2, "film"),
        (5, 4, "noir"),
        (6, None, "else"),
    ):
        db.add(Topic(id=key, parent_id=parent, name=name))
        await db.flush()


async def names(db: AsyncSession, statement: Any) -> list[str]:
    return [one.name for one in await db.scalars(statement)]


def test_a_tree_is_asked_for_in_one_statement(url):
    async def ask(db: AsyncSession) -> list[list[str]]:
        below = await names(db, subtree(Topic, 2))
        over = await names(db, ancestors(Topic, 5))
        return [below, over, await names(db, roots(Topic)), await names(db, ancestors(Topic, 1))]

    assert run(Base, url, grow, ask) == [
        ["art", "film", "noir"],
        ["all", "art", "film"],
        ["all", "else"],
        [],
    ]


def test_a_statement_of_a_tree_is_narrowed_like_any_other(sqlite):
    async def ask(db: AsyncSession) -> list[str]:
        return await names(db, subtree(Topic, 1).where(Topic.name.contains("o")).limit(1))

    assert run(Base, sqlite, grow, ask) == ["noir"]


def test_rows_are_moved_with_all_below_them(url):
    async def take(db: AsyncSession) -> list[str]:
        film, law = await db.get_or_404(Topic, 4), await db.get_or_404(Topic, 3)
        await db.run_sync(move, film, law)
        return await names(db, subtree(Topic, 3))

    async def root(db: AsyncSession) -> list[str]:
        await db.run_sync(move, await db.get_or_404(Topic, 4), None)
        return await names(db, roots(Topic).order_by(Topic.id))

    assert run(Base, url, grow, take) == ["law", "film", "noir"]
    assert run(Base, url, root) == ["all", "film", "else"]


@pytest.mark.parametrize("below", [2, 4, 5])
def test_nothing_is_moved_below_itself(url, below):
    async def loop(db: AsyncSession) -> None:
        await db.run_sync(move, await db.get_or_404(Topic, 2), await db.get_or_404(Topic, below))

    with pytest.raises(Conflict, match="below itself"):
        run(Base, url, grow, loop)


def test_nothing_is_moved_to_where_nobody_looks_any_more(sqlite):
    """Nor is a loop made there, of which its beginning would not be seen."""

    async def chain(db: AsyncSession) -> None:
        for key in range(1, DEPTH + 2):
            db.add(Topic(id=key, parent_id=key - 1 or None, name=str(key)))
            await db.flush()

    async def loop(db: AsyncSession) -> None:
        top, last = await db.get_or_404(Topic, 1), await db.get_or_404(Topic, DEPTH + 1)
        await db.run_sync(move, top, last)

    with pytest.raises(Conflict, match="deeper than 100"):
        run(Base, sqlite, chain, loop)


def test_a_row_that_is_deleted_softly_hides_no_loop(sqlite):
    async def hide(db: AsyncSession) -> None:
        for key in (1, 2, 3):
            db.add(Page(id=key, parent_id=key - 1 or None))
            await db.flush()
        await db.delete(await db.get_or_404(Page, 2))

    async def loop(db: AsyncSession) -> None:
        await db.run_sync(move, await db.get_or_404(Page, 1), await db.get_or_404(Page, 3))

    with pytest.raises(Conflict, match="below itself"):
        run(Base, sqlite, hide, loop)


def test_two_moves_at_once_make_no_loop(url):
    async def main() -> list[Any]:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running():
            async with database.session() as db:
                await grow(db)

            async def one(key: int, below: int) -> str:
                try:
                    async with database.session() as db:
                        row = await db.get_or_404(Topic, key)
                        other = await db.get_or_404(Topic, below)
                        await asyncio.sleep(0.05)
                        await db.run_sync(move, row, other)
                except Exception as error:
                    return type(error).__name__
                return "moved"

            said = await asyncio.gather(one(2, 6), one(6, 2))
            async with database.session() as db:
                found = {one.id: one.parent_id for one in await db.scalars(select(Topic))}
            return [sorted(said), found[2] == 6, found[6] == 2]

    said, first, second = asyncio.run(main())

    assert said.count("moved") == 1
    assert first is not second


def test_a_loop_made_by_hand_ends(sqlite):
    async def loop(db: AsyncSession) -> int:
        await db.execute(text("UPDATE topic SET parent_id = 5 WHERE id = 2"))
        return len((await db.scalars(subtree(Topic, 2))).all())

    assert run(Base, sqlite, grow, loop) == 101


def test_a_tree_may_have_keys_of_its_own(sqlite):
    async def ask(db: AsyncSession) -> list[str]:
        top = Folder(name="top")
        db.add(top)
        await db.flush()
        inner = Folder(name="inner", above=top.id)
        db.add(inner)
        await db.flush()
        return await names(db, ancestors(Folder, inner.id))

    assert run(Base, sqlite, ask) == ["top"]


@pytest.mark.parametrize(("model", "what"), [(Pair, "a key of several"), (Flat, "has 0 keys")])
def test_what_is_no_tree_is_told(model, what):
    with pytest.raises(GambrelError, match=what):
        subtree(model, 1)
