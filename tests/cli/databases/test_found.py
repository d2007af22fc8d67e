import pytest

from gambrel import GambrelError
from gambrel.cli.databases.found import database_of

SEVERAL = """
audit = MetaData(naming_convention=Model.metadata.naming_convention)


class Audit(Model):
    __abstract__ = True
    metadata = audit


app = App(
    extensions=[
        Database("sqlite:///audit.db", name="audit", models=Audit),
        Database("sqlite:///app.db", metadata=Base.metadata),
    ]
)
"""


def test_the_database_of_an_app_is_found(heroes):
    assert database_of(heroes.app).name == "database"


def test_of_several_the_one_without_a_name_is_found_or_the_one_that_is_named(heroes):
    heroes.code += SEVERAL
    app = heroes.write()

    assert database_of(app).name == "database"
    assert database_of(app, "audit").name == "database_audit"
    assert database_of(app, "database_audit").name == "database_audit"
    assert database_of(app, "database").name == "database"


def test_an_app_without_one_and_a_name_that_none_has_are_told(heroes, folder):
    (folder / "plain.py").write_text("from gambrel import App\n\napp = App()\n")
    with pytest.raises(GambrelError, match="has no database") as caught:
        database_of("plain.py")
    assert caught.value.code == "db.no-database"

    with pytest.raises(GambrelError, match="no database 'other'") as caught:
        database_of(heroes.app, "other")
    assert caught.value.hint == "--database, one of: database"
