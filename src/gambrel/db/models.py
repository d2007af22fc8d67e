"""`Model`: what models are made from, with names for constraints that migrations can count on."""

import enum
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import MetaData, event, inspect
from sqlalchemy.orm import DeclarativeBase, declared_attr, registry

from gambrel.db.columns import TEXT, Choice, Exact, Moment
from gambrel.db.writing.rules import length_of

__all__ = ["NAMING", "WORD", "Model", "mapped", "mapped_to"]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
TYPES: dict[Any, Any] = {
    datetime: Moment(),
    Decimal: Exact(),
    enum.Enum: Choice(),
    str: TEXT,
}
WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Model(DeclarativeBase):
    """The base of models: `class OrderLine(Model)` is the table `order_line`.

    All else is SQLAlchemy's. What the database computes is read back with the row that is written.
    Models apart, with tables and names of their own, have a base of their own:
    `class Base(Model): __abstract__ = True; metadata = MetaData(naming_convention=NAMING)`.
    """

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = TYPES
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012 - declared by SQLAlchemy

    def __init_subclass__(cls, **options: Any) -> None:
        if vars(cls).get("__abstract__") and "metadata" in vars(cls):
            # Names of classes in relations are looked up among these models alone.
            own = registry(metadata=cls.metadata, type_annotation_map=TYPES)
            cls.registry = cls._sa_registry = own
            event.listen(own, "resolve_type_annotation", length_of)
        super().__init_subclass__(**options)

    @declared_attr.directive
    def __tablename__(cls: Any) -> str | None:  # noqa: N805 - of the class, not of a row
        """The name of the class with underscores; that of its parent where it shares the table."""
        if any("__table__" in vars(parent) for parent in cls.__mro__[1:]):
            return None
        name: str = cls.__name__
        return WORD.sub("_", name).lower()


event.listen(Model.registry, "resolve_type_annotation", length_of)


def mapped(kind: type[Any]) -> Iterator[type[Any]]:
    """Yield the models that inherit from a class, each after those that it inherits from."""
    for model in kind.__subclasses__():
        if inspect(model, raiseerr=False) is not None:
            yield model
        yield from mapped(model)


def mapped_to(kind: type[Any], tables: Collection[Any]) -> Iterator[type[Any]]:
    """Yield those of them whose rows are in one of some tables."""
    for model in mapped(kind):
        mapper: Any = inspect(model)
        if mapper.local_table in tables:
            yield model
