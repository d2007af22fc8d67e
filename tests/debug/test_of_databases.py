import pytest
from msgspec import Struct
from sqlalchemy import MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.exc import MappedAnnotationError

from gambrel import GambrelError
from gambrel.db import AsyncSession, Model
from gambrel.debug.hints import hint_for
from gambrel.debug.of_databases import missing_table, several_at_once, unknown_kind
from tests.db.conftest import servers, url
from tests.db.shop import run

__all__ = ["servers", "url"]  # fixtures


class Street(Struct):
    name: str


MISSING = (
    "SELECT 1 FROM nowhere",
    "SELECT height FROM hero",
    "INSERT INTO hero (height) VALUES (1)",
)


def failures(url, *statements):
    async def work(db: AsyncSession) -> list[Exception]:
        return [await failure(db, sql) for sql in statements]

    return run(url, work)


async def failure(db, sql):
    try:
        async with db.begin_nested():
            await db.execute(text(sql))
    except DBAPIError as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_models_have_and_the_database_has_not_is_migrated(url):
    *missing, other = failures(url, *MISSING, "SELEC 1")

    for error in missing:
        assert "`gambrel db up`" in missing_table(error)
        assert hint_for(error) == missing_table(error)
    assert missing_table(other) is None


def test_what_we_say_ourselves_has_a_hint_of_its_own():
    assert missing_table(GambrelError("a.b", "no such table: hero")) is None


def test_a_session_does_one_thing_at_a_time():
    error = RuntimeError("This session is busy; concurrent operations are not permitted")

    assert "`gather`" in several_at_once(error)
    assert several_at_once(RuntimeError("busy")) is None


def test_a_class_that_no_column_is_known_for_is_kept_as_json_or_text():
    with pytest.raises(MappedAnnotationError) as told:

        class Shop(Model):
            metadata = MetaData()
            id: Mapped[int] = mapped_column(primary_key=True)
            street: Mapped[Street]

    assert "`mapped_column(JSONOf(Street))`" in unknown_kind(told.value)
    assert unknown_kind(ValueError("x")) is None
