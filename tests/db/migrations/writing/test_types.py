import enum

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from gambrel.db import TEXT, Choice, Exact, JSONOf, Moment
from gambrel.db.migrations.writing.types import Types, portable


class Colour(enum.Enum):
    RED = "red"


class Cents(sa.TypeDecorator[int]):
    impl = sa.Integer
    cache_ok = True


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (TEXT, "TEXT"),
        (Moment(), "Moment()"),
        (Exact(12, 2), "Exact(12, 2)"),
        (JSONOf(dict[str, int]), "JSONOf(object)"),
        (Choice(Colour), "sa.String(64)"),
        (Cents(), "sa.Integer()"),
        (sa.String(20), False),
        (sa.Enum(Colour), False),
    ],
)
def test_types_are_short_and_name_nothing_of_the_app(kind, wanted):
    types = Types()

    assert types.render("type", kind, None) == wanted
    is_ours = wanted and not str(wanted).startswith("sa.")
    assert types.imports == ({str(wanted).partition("(")[0]} if is_ours else set())
    assert types.render("column", kind, None) is False


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (postgresql.TIMESTAMP(timezone=True), "DateTime(timezone=True)"),
        (mysql.VARCHAR(20), "String(length=20)"),
        (sa.VARCHAR(20), "String(length=20)"),
        (sa.BIGINT(), "BigInteger()"),
        (sa.Integer(), "Integer()"),
    ],
)
def test_what_was_read_from_a_database_is_told_for_all(kind, wanted):
    assert repr(portable(kind)) == wanted
