"""What SQLAlchemy asks, as it is here on every database: the guide says how."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import (
    ForeignKey,
    MetaData,
    Text,
    and_,
    case,
    cast,
    except_,
    exists,
    extract,
    func,
    intersect,
    literal,
    not_,
    or_,
    select,
    tuple_,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from gambrel.db import AsyncSession, Database, Model


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Shop(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    city: Mapped[str]
    sales: Mapped[list["Sale"]] = relationship(back_populates="shop")


class Sale(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    shop: Mapped[Shop] = relationship(back_populates="sales")
    item: Mapped[str]
    price: Mapped[Decimal]
    day: Mapped[datetime]


ROWS = [  # shop, item, price, day of January
    (1, "tea", 3, 1),
    (1, "cake", 5, 2),
    (1, "tea", 4, 3),
    (2, "tea", 2, 1),
    (2, "soup", 7, 5),
]


async def put(db: AsyncSession) -> None:
    if await db.get(Shop, 1):
        return
    db.add_all([Shop(id=1, city="Bern"), Shop(id=2, city="Lima"), Shop(id=3, city="Oslo")])
    await db.flush()
    for shop, item, price, day in ROWS:
        at = datetime(2026, 1, day, 12, tzinfo=UTC)
        db.add(Sale(shop_id=shop, item=item, price=Decimal(price), day=at))


@pytest.fixture
def ask(url: str) -> Callable[[Any], list[Any]]:
    """Return what asks a statement and returns its rows, as plain values."""

    def asked(*statements: Any) -> list[Any]:
        async def main() -> list[Any]:
            database = Database(url, create=True, metadata=Base.metadata)
            async with database.running():
                async with database.session() as db:
                    await put(db)
                async with database.session() as db:
                    for statement in statements[:-1]:
                        await db.execute(statement)
                    found = await db.execute(statements[-1])
                    return [row[0] if len(row) == 1 else tuple(row) for row in found]

        return asyncio.run(main())

    return asked


# Expressions and subqueries -----------------------------------------------------------------


def test_conditions_are_joined_and_turned_round(ask):
    cheap = or_(Sale.item == "soup", and_(Sale.price < 4, not_(Sale.shop_id == 2)))

    assert ask(select(Sale.item).where(cheap).order_by(Sale.id)) == ["tea", "soup"]


def test_a_value_may_depend_on_a_case(ask):
    kind = case((Sale.price >= 5, "dear"), (Sale.price >= 3, "fair"), else_="cheap")

    assert ask(select(kind).order_by(Sale.id)) == ["fair", "dear", "fair", "cheap", "dear"]


def test_a_column_is_changed_by_what_it_was(ask):
    raised = update(Sale).where(Sale.item == "tea").values(price=Sale.price + 1)

    assert ask(raised, select(Sale.price).order_by(Sale.id)) == [4, 5, 5, 3, 7]


def test_a_subquery_is_a_value_of_each_row(ask):
    sold = select(func.count(Sale.id)).where(Sale.shop_id == Shop.id).scalar_subquery()

    assert ask(select(Shop.city, sold).order_by(Shop.id)) == [("Bern", 3), ("Lima", 2), ("Oslo", 0)]


def test_rows_are_asked_for_by_whether_there_are_others(ask):
    idle = ~exists().where(Sale.shop_id == Shop.id)

    assert ask(select(Shop.city).where(idle)) == ["Oslo"]
    assert ask(select(Shop.city).where(Shop.sales.any(Sale.item == "soup"))) == ["Lima"]


def test_rows_are_asked_for_by_a_list_that_is_asked_for(ask):
    best = select(Sale.shop_id, func.max(Sale.price)).group_by(Sale.shop_id)
    found = select(Sale.item).where(tuple_(Sale.shop_id, Sale.price).in_(best)).order_by(Sale.id)

    assert ask(found) == ["cake", "soup"]


def test_a_table_is_compared_with_itself(ask):
    other = aliased(Sale)
    dearer = select(Sale.id).join(other, and_(other.item == Sale.item, other.price < Sale.price))

    assert sorted(ask(dearer)) == [1, 3, 3]


# Aggregates -----------------------------------------------------------------------------------


def test_rows_are_counted_and_summed_by_group(ask):
    total = func.sum(Sale.price)
    by_city = (
        select(Shop.city, func.count(), total, func.min(Sale.price), func.avg(Sale.price))
        .join(Sale.shop)
        .group_by(Shop.city)
        .having(total > 9)
    )

    (found,) = ask(by_city)

    assert found == ("Bern", 3, Decimal(12), Decimal(3), Decimal(4))


def test_an_aggregate_takes_the_rows_of_a_condition(ask):
    teas = func.count(case((Sale.item == "tea", 1)))  # FILTER is not in MariaDB
    kinds = func.count(Sale.item.distinct())
    found = select(Sale.shop_id, teas, kinds).group_by(Sale.shop_id).order_by(Sale.shop_id)

    assert ask(found) == [(1, 2, 2), (2, 1, 2)]


def test_texts_of_a_group_are_joined(ask):
    joined = func.aggregate_strings(Sale.item, ", ")
    found = select(joined).where(Sale.shop_id == 2).group_by(Sale.shop_id)

    (text,) = ask(found)

    assert sorted(text.split(", ")) == ["soup", "tea"]


# Windows --------------------------------------------------------------------------------------


def by_shop(function: Any, **options: Any) -> Any:
    window = {"partition_by": Sale.shop_id, "order_by": Sale.day, **options}
    return select(function.over(**window)).order_by(Sale.id)


@pytest.mark.parametrize(
    ("function", "options", "wanted"),
    [
        (func.row_number(), {}, [1, 2, 3, 1, 2]),
        (func.rank(), {"order_by": Sale.item}, [2, 1, 2, 2, 1]),
        (func.dense_rank(), {"order_by": Sale.item}, [2, 1, 2, 2, 1]),
        (func.percent_rank(), {}, [0, 0.5, 1, 0, 1]),
        (func.cume_dist(), {"partition_by": Sale.item, "order_by": Sale.item}, [1] * 5),
        (func.ntile(2), {}, [1, 1, 2, 1, 2]),
        (func.lag(Sale.id), {}, [None, 1, 2, None, 4]),
        (func.lead(Sale.id), {}, [2, 3, None, 5, None]),
        (func.first_value(Sale.item), {}, ["tea", "tea", "tea", "tea", "tea"]),
        (func.nth_value(Sale.item, 2), {}, [None, "cake", "cake", None, "soup"]),
        (func.last_value(Sale.item), {"rows": (None, None)}, ["tea", "tea", "tea", "soup", "soup"]),
        (func.sum(Sale.price), {"rows": (-1, 0)}, [3, 8, 9, 2, 9]),
    ],
    ids=lambda one: getattr(one, "name", None),
)
def test_a_row_knows_those_around_it(ask, function, options, wanted):
    assert ask(by_shop(function, **options)) == wanted


# Common table expressions ---------------------------------------------------------------------


def test_a_statement_has_a_name_and_is_used_again(ask):
    totals = select(Sale.shop_id, func.sum(Sale.price).label("total")).group_by(Sale.shop_id).cte()
    most = select(func.max(totals.c.total)).scalar_subquery()

    assert ask(select(totals.c.shop_id).where(totals.c.total == most)) == [1]


def test_a_statement_goes_on_from_what_it_has_found(ask):
    days = select(literal(1).label("day")).cte(recursive=True)
    days = days.union_all(select(days.c.day + 1).where(days.c.day < 5))
    sold = select(days.c.day, func.count(Sale.id)).outerjoin(
        Sale, extract("day", Sale.day) == days.c.day
    )

    found = ask(sold.group_by(days.c.day).order_by(days.c.day))

    assert found == [(1, 2), (2, 1), (3, 1), (4, 0), (5, 1)]


# Sets -----------------------------------------------------------------------------------------

FIRST = select(Sale.item).where(Sale.shop_id == 1)
SECOND = select(Sale.item).where(Sale.shop_id == 2)


@pytest.mark.parametrize(
    ("combined", "wanted"),
    [
        (union(FIRST, SECOND), ["cake", "soup", "tea"]),
        (union_all(FIRST, SECOND), ["cake", "soup", "tea", "tea", "tea"]),
        (intersect(FIRST, SECOND), ["tea"]),
        (except_(FIRST, SECOND), ["cake"]),
    ],
    ids=["union", "union all", "intersect", "except"],
)
def test_what_two_statements_find_is_put_together(ask, combined, wanted):
    assert ask(combined.order_by("item")) == wanted
    assert ask(combined.order_by("item").limit(1).offset(len(wanted) - 1)) == wanted[-1:]


def test_what_is_put_together_may_be_of_models(ask):
    both = union_all(
        select(Sale).where(Sale.item == "soup"), select(Sale).where(Sale.item == "cake")
    ).subquery()
    found = select(aliased(Sale, both)).order_by(both.c.price)

    assert [one.item for one in ask(found)] == ["cake", "soup"]


# Functions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        (func.coalesce(None, "x"), "x"),
        (func.nullif("x", "x"), None),
        (func.upper("Straße"), None),
        (func.length("abc"), 3),
        (func.trim("  a "), "a"),
        (func.replace("aXc", "X", "b"), "abc"),
        (func.substr("abcdef", 2, 3), "bcd"),
        (func.abs(-3), 3),
        (func.round(2.6), 3),
        (func.ceil(1.2), 2),
        (func.floor(1.8), 1),
        (func.mod(7, 4), 3),
        (func.power(2, 10), 1024),
        (literal("a") + "b" + "c", "abc"),
        (cast(literal(12), Text()), "12"),
        (literal("abc").contains("b"), True),
        (literal("abc").startswith("a"), True),
        (literal("abc").regexp_match("^a.c$"), True),
        (literal("ABC").ilike("abc"), True),
        (literal(7) % 4, 3),
    ],
    ids=lambda one: getattr(one, "name", None),
)
def test_functions_of_the_database_are_called(ask, expression, wanted):
    (found,) = ask(select(expression))

    if wanted is None and expression.name == "upper":
        assert found in {"STRASSE", "STRAßE", "STRAẞE"}
    else:
        assert (float(found) if isinstance(wanted, float | int) else found) == wanted


def test_parts_of_a_moment_are_asked_for(ask):
    parts = [extract(part, Sale.day) for part in ("year", "month", "day", "hour")]

    assert ask(select(*parts).where(Sale.item == "soup")) == [(2026, 1, 5, 12)]
