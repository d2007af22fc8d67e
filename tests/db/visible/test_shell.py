import asyncio

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from gambrel import App
from gambrel.db import Model
from gambrel.db.visible.shell import models_of
from tests.db.several import ledger
from tests.db.shop import Base, Hero, Team, make_database


def test_the_models_are_those_of_the_database_and_no_bases():
    found = list(models_of({Base.metadata}))

    assert set(found) == {Hero, Team}
    assert Model not in found


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
