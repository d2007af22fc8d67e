from typing import Any, ClassVar

import pytest
from sqlalchemy import CheckConstraint, ForeignKey, Integer, MetaData, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gambrel.db import NAMING, Model
from gambrel.db.models import mapped, mapped_to
from tests.db import shop


class Base(Model):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)


class HTTPServer(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class OrderLine(Base):
    __table_args__ = (
        UniqueConstraint("order", "server_id"),
        CheckConstraint("number > 0", "number_is_positive"),
    )

    order: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(ForeignKey("http_server.id"), index=True)
    kind: Mapped[str] = mapped_column(default="plain")
    server: Mapped[HTTPServer] = relationship()

    __mapper_args__: ClassVar[Any] = {"polymorphic_on": "kind", "polymorphic_identity": "plain"}


class GiftLine(OrderLine):
    note: Mapped[str | None]

    __mapper_args__: ClassVar[Any] = {"polymorphic_identity": "gift"}


class Named(Base):
    __tablename__ = "other_name"

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (HTTPServer, "http_server"),
        (OrderLine, "order_line"),
        (GiftLine, "order_line"),
        (Named, "other_name"),
    ],
)
def test_a_table_is_called_as_its_model(model, name):
    assert model.__table__.name == name


def test_every_constraint_has_a_name_that_is_always_the_same():
    table = Base.metadata.tables["order_line"]

    names = {constraint.name for constraint in table.constraints}

    assert names == {
        "pk_order_line",
        "uq_order_line_order_server_id",
        "ck_order_line_number_is_positive",
        "fk_order_line_server_id_http_server",
    }
    assert {index.name for index in table.indexes} == {"ix_order_line_server_id"}


def test_models_of_another_base_may_have_the_same_names():
    class Other(Model):
        __abstract__ = True
        metadata = MetaData()

    columns = {"id": mapped_column(Integer, primary_key=True)}
    twin = type("Named", (Other,), columns)

    assert twin.__table__ is not Named.__table__


def test_models_are_found_below_a_class_and_by_their_tables():
    assert set(mapped(shop.Base)) == {shop.Hero, shop.Team}
    assert shop.Base not in list(mapped(Model))
    assert list(mapped_to(Model, {shop.Team.__table__})) == [shop.Team]
