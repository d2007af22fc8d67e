import pytest
from sqlalchemy import MetaData, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from gambrel.core.http.errors import GambrelError
from gambrel.db import Model, Recorded, Tenanted
from gambrel.db.fast.guards import see_models


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Invoice(Tenanted, Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class Hero(Recorded, Base):
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize(
    "statement",
    [
        select(Invoice.id),
        select(Hero.id).join(Invoice, Invoice.id == Hero.id),
        select(Hero.id).where(Hero.id.in_(select(Invoice.id))),
    ],
    ids=["itself", "joined", "within"],
)
def test_rows_of_tenants_are_refused_unless_all_are_meant(statement):
    with pytest.raises(GambrelError, match="does not know of which tenant its Invoice") as raised:
        see_models(statement, "app.py:1", reads=True)
    assert raised.value.code == "db.tenant"

    see_models(statement.execution_options(all_tenants=True), "app.py:1", reads=True)


def test_changes_that_are_recorded_are_refused_and_reading_is_not():
    change = delete(Hero).where(Hero.id == bindparam("id"))

    with pytest.raises(GambrelError, match="changes of Hero are recorded") as raised:
        see_models(change, "app.py:1", reads=False)
    assert raised.value.code == "db.unrecorded"

    see_models(change.execution_options(unrecorded=True), "app.py:1", reads=False)
    see_models(select(Hero.id), "app.py:1", reads=True)
