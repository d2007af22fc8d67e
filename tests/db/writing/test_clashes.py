from typing import Any

import pytest
from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel.db import NAMING, AsyncSession, Model
from gambrel.db.writing.clashes import Clash, clash_of, fault_of, of_mariadb
from tests.db.running import run


class Unnamed(Model):
    __abstract__ = True
    metadata = MetaData()


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


def models(base: Any) -> Any:
    """Return the same models with constraints that have names, or none."""

    class Team(base):
        id: Mapped[int] = mapped_column(primary_key=True)

    class Hero(base):
        __table_args__ = (
            UniqueConstraint("team_id", "number"),
            CheckConstraint(
                "first_year <= last_year",
                "years",
                info={"message": "must not be before the first year", "field": "last"},
            ),
            Index("ux_hero_code", "code", unique=True),
        )

        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column("name", unique=True)
        team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
        number: Mapped[int | None]
        first: Mapped[int] = mapped_column("first_year", default=1)
        last: Mapped[int] = mapped_column("last_year", default=2)
        code: Mapped[str | None]

    return Hero


HEROES = {base: models(base) for base in (Base, Unnamed)}
FIELDS = {"title", "team_id", "number", "first", "last", "code"}


@pytest.fixture(params=[Base, Unnamed], ids=["named", "unnamed"])
def base(request: pytest.FixtureRequest) -> Any:
    return request.param


def refusal(base: Any, url: str, fields: set[str], *values: dict[str, Any]) -> Any:
    """Return the path, message and code of what is wrong with the last of some rows."""
    hero = HEROES[base]

    async def put(db: AsyncSession) -> Any:
        for one in values[:-1]:
            db.add(hero(**one))
        await db.flush()
        try:
            async with db.begin_nested():
                db.add(hero(**values[-1]))
        except DBAPIError as error:
            fault = fault_of(error, hero, fields)
            return fault and (fault.path, fault.message, fault.code)
        return "written"

    return run(base, url, put)


def test_a_value_that_is_taken_is_told_of_its_attribute(base, url):
    taken = refusal(base, url, FIELDS, {"title": "Ann"}, {"title": "Ann"})

    assert taken == ("title", "is taken already", "unique")


def test_a_message_of_a_database_with_a_value_in_it_is_not_mistaken(base, url):
    name = "' for key 'code' x, UNIQUE constraint failed: hero.code"

    assert refusal(base, url, FIELDS, {"title": name}, {"title": name}) == (
        "title",
        "is taken already",
        "unique",
    )


def test_of_several_columns_it_is_told_of_the_last_that_was_sent(base, url):
    rows = [{"title": "A", "code": "x"}, {"title": "B", "code": "x"}]

    assert refusal(base, url, FIELDS, *rows) == ("code", "is taken already", "unique")


def test_what_was_not_sent_is_not_told(base, url):
    assert refusal(base, url, {"number"}, {"title": "Ann"}, {"title": "Ann"}) is None


def test_a_row_that_is_not_there_is_told_of_the_key_to_it(base, url):
    gone = refusal(base, url, FIELDS, {"title": "Ann", "team_id": 99})

    assert gone == ("team_id", "is not there any more", "foreign")


def test_a_value_that_is_missing_is_told(base, url):
    assert refusal(base, url, FIELDS, {"title": None}) == ("title", "is required", "missing")


def test_a_check_has_a_message_and_a_field_of_its_own(url):
    wrong = refusal(Base, url, FIELDS, {"title": "Ann", "first": 5, "last": 4})

    assert wrong == ("last", "must not be before the first year", "check")


def test_other_errors_are_none():
    error = DBAPIError("SELECT 1", None, Exception("the disk is on fire"))

    assert clash_of(error) is None


@pytest.mark.parametrize(
    ("number", "told", "clash"),
    [
        (1062, "Duplicate entry 'x' for key 'hero.uq_x'", Clash("unique", "uq_x")),
        (3819, "Check constraint 'ck_x' is violated.", Clash("check", "ck_x")),
        (1364, "Field 'name' doesn't have a default value", Clash("missing", "", ("name",))),
        (1064, "You have an error in your SQL syntax", None),
    ],
)
def test_what_mysql_tells_is_understood_too(number, told, clash):
    assert of_mariadb(number, told) == clash
