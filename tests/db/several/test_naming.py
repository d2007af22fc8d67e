import pytest
from sqlalchemy import MetaData

from gambrel import App, GambrelError
from gambrel.db import DatabaseSettings, Model
from gambrel.db.several.naming import metadata_of, section_of, settings_of
from gambrel.testing import Client
from tests.db.several.ledger import Ledger, make_app


class Shared(Model):
    __abstract__ = True


@pytest.mark.parametrize("name", ["Audit", "au-dit", "two words", "1st"])
def test_a_name_that_cannot_be_part_of_a_variable_is_refused(name):
    with pytest.raises(GambrelError, match=f"cannot be called '{name}'"):
        section_of(name)


def test_each_database_has_settings_and_variables_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_DATABASE_URL", f"sqlite:///{tmp_path}/one.db")
    monkeypatch.setenv("GAMBREL_DATABASE_LEDGER_URL", f"sqlite:///{tmp_path}/two.db")
    monkeypatch.setenv("GAMBREL_DATABASE_LEDGER__POOL_SIZE", "3")
    app = make_app("sqlite://", "sqlite://")

    with Client(app) as client:
        client.post("/orders/bread")

    assert sorted(one.name for one in tmp_path.glob("*.db")) == ["one.db", "two.db"]
    assert app.settings.database.pool_size == 10
    assert app.settings.database_ledger.pool_size == 3


def test_a_password_in_the_url_of_a_database_with_a_name_is_a_secret():
    kind = settings_of(DatabaseSettings, "database_audit")
    given = kind(url="postgresql://me:hunter2@host/audit")
    app = App()
    app.settings.declare("database_audit", kind)
    app.settings.give({"database_audit": {"url": given.url}}, "here")
    app.settings.load()

    assert "hunter2" not in "".join(one.value for one in app.settings.describe())


def test_the_settings_of_one_database_are_one_type():
    assert settings_of(DatabaseSettings, "database") is DatabaseSettings
    one, same = (settings_of(DatabaseSettings, "database_audit") for _ in range(2))
    assert one is same
    assert issubclass(one, DatabaseSettings)
    assert one.__name__ == "DatabaseAuditSettings"


def test_models_whose_tables_are_among_all_others_cannot_be_elsewhere():
    with pytest.raises(GambrelError, match="Shared cannot have a database of its own"):
        metadata_of(Shared, None)


def test_the_tables_of_a_database_are_those_of_its_models():
    own = MetaData()

    assert metadata_of(Ledger, None) is Ledger.metadata
    assert metadata_of(Ledger, own) is own
    assert metadata_of(None, None) is Model.metadata
