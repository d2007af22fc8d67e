from typing import Annotated, Any

import pytest
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.dialects import postgresql

from gambrel import App, GambrelError, Query, Unprocessable
from gambrel.db import AsyncSession, Listing, Page
from gambrel.testing import Client
from tests.db.shop import Hero, make_database, run

HEROES = Listing(
    Hero,
    filters={
        "age": Hero.age,
        "min_age": lambda age: Hero.age >= age,
        "name": Hero.name,
        "not": lambda name: Hero.name != name,
        "team": Hero.team_id,
    },
    order={"name": Hero.name, "age": Hero.age},
    search=[Hero.name, Hero.nickname],
)
PAYLOADS = [
    "' OR '1'='1",
    '"; DROP TABLE hero; --',
    "name; --",
    "name--",
    "(SELECT secret)",
    "secret",
    "hero.secret",
    "team__name",
    "_connector",
    "`name`",
    '"name"',
    "name%",
    "name%%s",
    "name/*",
    "\x00",
    "\u2019",
    "na\u200bme",
    "x" * 100,
    "__class__",
    "-",
    "--name",
]


async def three(db: AsyncSession) -> None:
    db.add(Hero(name="Deadpond", age=30, nickname="100%"))
    db.add(Hero(name="Rusty-Man", age=48))
    db.add(Hero(name="Spider-Boy", age=16, nickname="web_head"))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"Deadpond", "Rusty-Man", "Spider-Boy"}),
        ({"age": 30}, {"Deadpond"}),
        ({"age": [16, 48]}, {"Rusty-Man", "Spider-Boy"}),
        ({"age": None, "team": UNSET}, {"Deadpond", "Rusty-Man", "Spider-Boy"}),
        ({"min_age": 30}, {"Deadpond", "Rusty-Man"}),
        ({"q": "MAN"}, {"Rusty-Man"}),
        ({"q": "spider web"}, {"Spider-Boy"}),
        ({"q": "spider 100"}, set()),
        ({"q": "%"}, {"Deadpond"}),
        ({"q": "_"}, {"Spider-Boy"}),
        ({"q": ""}, {"Deadpond", "Rusty-Man", "Spider-Boy"}),
    ],
)
def test_rows_are_those_that_are_asked_for(url, asked, expected):
    async def work(db: AsyncSession) -> set[str]:
        return {hero.name for hero in await db.scalars(HEROES.select(asked))}

    assert run(url, three, work) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("name", "DRS"),
        ("-name", "SRD"),
        ("age", "SDR"),
        ("-age,name", "RDS"),
        (" name , ", "DRS"),
        ("-name,age,name", "SRD"),
    ],
)
def test_rows_are_in_the_order_that_is_asked_for(url, order, expected):
    async def work(db: AsyncSession) -> str:
        return "".join(hero.name[0] for hero in await db.scalars(HEROES.select({"order": order})))

    assert run(url, three, work) == expected


def sql_of(asked: dict[str, Any]) -> str:
    return str(HEROES.select(asked).compile(dialect=postgresql.dialect()))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_sent_never_becomes_part_of_a_statement(payload):
    assert sql_of({"name": payload}) == sql_of({"name": "Deadpond"})
    assert sql_of({"not": payload}) == sql_of({"not": "Deadpond"})
    assert sql_of({"q": "x".join(payload.split())}) == sql_of({"q": "web"})
    if payload != "-":
        with pytest.raises(Unprocessable):
            HEROES.select({"order": payload})


def test_an_order_is_no_longer_than_what_was_declared():
    ordered = sql_of({"order": ",".join(["name", "-age"] * 1000)}).partition("ORDER BY")[2]

    assert ordered.split(",") == [" hero.name ASC", " hero.age DESC"]


def test_a_name_that_is_not_declared_is_a_mistake_of_the_program():
    with pytest.raises(GambrelError, match="'secret' is asked of a listing"):
        HEROES.select({"secret": "x"})


def test_a_filter_that_is_none_is_refused():
    with pytest.raises(GambrelError, match="the filter 'age' is 'age'"):
        Listing(Hero, filters={"age": "age"})


class HeroQuery(Struct):
    min_age: int | UnsetType = UNSET
    order: str = "name"
    q: str = ""
    page: int = 1


class HeroPublic(Struct):
    name: str


def test_what_a_client_may_ask_is_a_struct(sqlite):
    app = App(extensions=[make_database(sqlite)])

    @app.get("/heroes", returns=Page[HeroPublic])
    async def index(db: AsyncSession, asked: Annotated[HeroQuery, Query()]) -> Page[Hero]:
        return await db.page(HEROES.select(asked), asked.page)

    run(sqlite, three)
    with Client(app) as client:
        found = client.get("/heroes?min_age=30&order=-age").json()
        wrong = client.get("/heroes?order=secret")
        confused = client.get("/heroes?min_age=true")

    assert [hero["name"] for hero in found["items"]] == ["Rusty-Man", "Deadpond"]
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["path"] == "order"
    assert confused.status_code == 422
