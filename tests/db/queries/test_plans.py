import pytest
from sqlalchemy import select, text, update

from gambrel import GambrelError
from gambrel.db import AsyncSession
from gambrel.db.queries.plans import shown
from tests.db.shop import Hero, Team, run

SCAN = {"sqlite": "SCAN hero", "postgresql": "Seq Scan on hero", "mariadb": "hero | "}


def kind_of(url: str) -> str:
    return url.partition(":")[0]


def plan_of(url: str, statement, **options) -> str:
    async def work(db: AsyncSession) -> str:
        return await db.explain(statement, **options)

    return run(url, work)


def test_the_plan_of_a_statement_is_shown(url):
    found = plan_of(url, select(Hero).where(Hero.age > 3))

    assert SCAN[kind_of(url)] in found


def test_values_are_bound_lists_too(url):
    found = plan_of(url, select(Hero).where(Hero.id.in_([1, 2, 3]), Hero.name == "100%"))

    assert "hero" in found or "Impossible WHERE" in found


def test_a_plan_of_several_steps_has_all_of_them(url):
    found = plan_of(url, select(Hero).join(Team).order_by(Hero.age))

    assert "hero" in found
    assert "team" in found
    assert len(found.splitlines()) > 1


def test_sql_by_hand_and_changes_have_plans(url):
    by_hand = plan_of(url, text("SELECT name FROM hero WHERE age = :age").bindparams(age=1))
    change = plan_of(url, update(Hero).values(age=1))

    assert SCAN[kind_of(url)] in by_hand
    assert "hero" in change


def test_a_plan_changes_nothing(url):
    async def work(db: AsyncSession) -> list[int]:
        db.add(Hero(name="A", age=30))
        await db.explain(update(Hero).values(age=1))
        return list(await db.scalars(select(Hero.age)))

    assert run(url, work) == [30]


def test_a_statement_can_be_run_and_measured(url):
    if kind_of(url) == "sqlite":
        with pytest.raises(GambrelError, match="sqlite cannot run") as caught:
            plan_of(url, select(Hero), analyze=True)
        assert caught.value.code == "db.explain"
    else:
        found = plan_of(url, select(Hero), analyze=True)
        assert "actual time" in found or "r_rows" in found


def test_a_session_goes_on_after_a_plan(url):
    async def work(db: AsyncSession) -> list[str]:
        await db.explain(select(Hero))
        db.add(Hero(name="A"))
        return [hero.name for hero in await db.scalars(select(Hero))]

    assert run(url, work) == ["A"]


def test_a_tree_is_indented():
    rows = [(2, 0, 0, "SEARCH a"), (5, 2, 0, "LIST"), (7, 0, 0, "USE")]

    assert shown(["id", "parent", "notused", "detail"], rows) == "SEARCH a\n  LIST\nUSE"
