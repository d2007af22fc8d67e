import pytest
from sqlalchemy import bindparam, insert, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from gambrel.core.http.errors import GambrelError
from gambrel.db.fast.binding import KEPT, Text
from tests.db.shop import Hero

SQLITE, POSTGRES = sqlite.dialect(), postgresql.psycopg.dialect()
NAMED = select(Hero.id).where(Hero.name.in_(bindparam("names")), Hero.age > 5)


def test_values_are_bound_as_the_driver_takes_them():
    statement = select(Hero.id).where(Hero.age > bindparam("low"), Hero.age < bindparam("high"))
    names = {"low": 0, "high": 0}

    by_place = Text(statement, SQLITE, names).bound({"high": 9, "low": 1})
    by_name = Text(statement, POSTGRES, names).bound({"high": 9, "low": 1})

    assert by_place[1] == (1, 9)
    assert by_name[1] == {"high": 9, "low": 1}
    assert "%(low)s" in by_name[0]


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRES])
def test_a_text_is_kept_for_each_length_of_a_list(dialect):
    text = Text(NAMED, dialect, {"names": 0})

    first, one = text.bound({"names": ["a", "b"]})
    again, other = text.bound({"names": ("c", "d")})
    longer, _ = text.bound({"names": ["a", "b", "c"]})

    assert again is first
    assert longer != first
    assert set(one.values() if isinstance(one, dict) else one) == {"a", "b", 5}
    assert set(other.values() if isinstance(other, dict) else other) == {"c", "d", 5}


def test_not_every_length_is_kept():
    text = Text(NAMED, SQLITE, {"names": 0})

    for length in range(KEPT * 2):
        text.bound({"names": ["a"] * length})

    assert len(text.expanded) == KEPT


def test_lists_of_tuples_are_bound_flat():
    statement = select(Hero.id).where(tuple_(Hero.name, Hero.age).in_(bindparam("pairs")))

    for dialect in (SQLITE, POSTGRES):
        _, bound = Text(statement, dialect, {"pairs": 0}).bound({"pairs": [("a", 1), ("b", 2)]})
        assert list(bound.values() if isinstance(bound, dict) else bound) == ["a", 1, "b", 2]


def test_defaults_of_columns_are_made_for_each_row():
    text = Text(insert(Hero).values(name=bindparam("name")), SQLITE, {"name": 0})

    _, bound = text.bound({"name": "a"})

    assert set(bound) == {"a", 30, ""}


def test_a_value_that_nobody_could_give_is_told():
    with pytest.raises(GambrelError, match="without saying so"):
        Text(insert(Hero), SQLITE, {})
