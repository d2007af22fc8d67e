from decimal import Decimal

import pytest
from msgspec import Struct
from sqlalchemy import JSON, Integer, Numeric, String, column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import aliased

from gambrel.core.http.errors import GambrelError
from gambrel.db.fast.shapes import Shape, narrowed
from tests.db.shop import Hero

SQLITE = sqlite.dialect()
DESCRIPTION = [("a", None), ("b", None)]


class Pair(Struct):
    a: int
    b: str


class Later(Struct, kw_only=True):
    a: float
    b: str
    c: int = 3


class Inner(Struct):
    x: int


class Documents(Struct):
    a: Inner | None
    b: Decimal


def test_rows_are_put_into_the_order_of_fields():
    as_they_are = Shape([column("a", Integer), column("b", String)], Pair, "")
    turned = Shape([column("b", String), column("a", Integer)], Pair, "")

    assert as_they_are.maker(SQLITE, DESCRIPTION)([(1, "x")]) == [Pair(1, "x")]
    assert turned.maker(SQLITE, DESCRIPTION)([("x", 1)]) == [Pair(1, "x")]


def test_fields_that_have_a_default_may_be_left_out_and_whole_numbers_be_others():
    shape = Shape([column("a", Integer), column("b", String)], Later, "")

    (made,) = shape.maker(SQLITE, DESCRIPTION)([(1, "x")])

    assert made == Later(a=1.0, b="x", c=3)
    assert type(made.a) is float


def test_values_are_read_as_their_columns_and_fields_say():
    shape = Shape([column("a", JSON), column("b", Numeric(10, 2))], Documents, "")
    make = shape.maker(SQLITE, DESCRIPTION)

    assert make([('{"x": 1}', 2.5), (None, 1.0)]) == [
        Documents(Inner(1), Decimal("2.50")),
        Documents(None, Decimal("1.00")),
    ]


def test_a_model_is_asked_for_no_more_than_a_struct_has():
    class Name(Struct):
        name: str

    other = aliased(Hero)

    assert list(narrowed(select(Hero), Name).selected_columns.keys()) == ["name"]
    assert list(narrowed(select(other), Name).selected_columns.keys()) == ["name"]
    explicit = select(Hero.name)
    assert narrowed(explicit, Name) is explicit


def test_a_column_that_may_be_null_has_a_field_that_may_be_none():
    class Nick(Struct):
        nickname: str

    with pytest.raises(GambrelError, match="may be null"):
        Shape([Hero.nickname.expression], Nick, "here")
    with pytest.raises(GambrelError, match="may be null"):
        Shape([Hero.nickname.label("nickname")], Nick, "here")
