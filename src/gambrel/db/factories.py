"""Rows for tests with values that somebody made up: polyfactory's, for our models.

    class HeroFactory(RowFactory[Hero]):
        age = 30

    hero = HeroFactory.build(name="Deadpond")
    heroes = HeroFactory.batch(20)

Needs `pip install 'gambrel[factories]'`; test code alone imports it.
"""

import enum
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import types

from gambrel.core.http.errors import GambrelError
from gambrel.db.columns import Exact, JSONOf, Moment

try:
    from polyfactory.factories.sqlalchemy_factory import SQLAlchemyFactory
except ModuleNotFoundError as error:
    raise GambrelError(
        "db.no-factories",
        f"factories need {error.name}, which is not installed",
        "gambrel.db.factories",
        "pip install 'gambrel[factories]'",
    ) from error

__all__ = ["RowFactory"]

M = TypeVar("M")


class RowFactory(SQLAlchemyFactory[M], Generic[M]):
    """Makes rows of a model: `class HeroFactory(RowFactory[Hero])`, then `build` and `batch`.

    Attributes of the class are values for all rows. Keys are left to the database, and so are
    relations: `HeroFactory.build(team=TeamFactory.build())`. Random in the same way each time after
    `HeroFactory.seed_random(1)`.
    """

    __is_base_factory__ = True
    __set_primary_key__ = False
    __set_foreign_keys__ = False
    __set_relationships__ = False

    @classmethod
    def get_sqlalchemy_types(cls) -> dict[Any, Callable[[], Any]]:
        """Return what makes values of types of ours."""
        faker = cls.__faker__
        return {
            **super().get_sqlalchemy_types(),
            Moment: lambda: faker.date_time_this_decade(tzinfo=UTC),
            Exact: lambda: faker.pydecimal(left_digits=4, right_digits=2, positive=True),
            types.Interval: lambda: timedelta(seconds=faker.random_int(1, 86_400)),
        }

    @classmethod
    def should_column_be_set(cls, column: Any) -> bool:
        """Say whether a row is given a value: not of what the database computes."""
        return column.computed is None and super().should_column_be_set(column)

    @classmethod
    def get_type_from_column(cls, column: Any) -> Any:
        """Return what a value of a column has to be."""
        kind = column.type
        if isinstance(kind, JSONOf):
            return kind.kind | None if column.nullable else kind.kind
        if isinstance(kind, types.Enum) and kind.enum_class is not None:
            cls_of: type[enum.Enum] = kind.enum_class
            return cls_of | None if column.nullable else cls_of
        return super().get_type_from_column(column)
