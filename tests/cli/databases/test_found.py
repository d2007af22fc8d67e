import pytest

from gambrel import GambrelError
from gambrel.cli.databases.found import database_of


def test_the_database_of_an_app_is_found():
    assert database_of("examples/heroes_sql").name == "database"


def test_an_app_without_one_and_a_name_that_none_has_are_told():
    with pytest.raises(GambrelError, match="has no database") as caught:
        database_of("examples/hello")
    assert caught.value.code == "db.no-database"

    with pytest.raises(GambrelError, match="no database 'other'"):
        database_of("examples/heroes_sql", "other")
