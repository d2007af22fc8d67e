from decimal import Decimal
from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct
from sqlalchemy import MetaData, String, text
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import App
from gambrel.db import AsyncSession, Database, Model
from gambrel.db.writing.rules import BrokenRules, rules_of
from gambrel.testing import Client
from tests.db.running import run

Name = Annotated[str, Meta(min_length=2, max_length=20)]
Age = Annotated[int, Meta(ge=0, le=150)]


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Named:
    name: Mapped[Name]


class Person(Named, Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    age: Mapped[Age | None]
    wage: Mapped[Annotated[Decimal, Meta(ge=0)] | None]
    essay: Mapped[Annotated[str, Meta(max_length=20_000)]] = mapped_column(default="")
    code: Mapped[Annotated[str, Meta(pattern="^[a-z]+$")] | None] = mapped_column(String(7))
    nick: "Mapped[Name | None]"
    plain: Mapped[str | None]


class PersonCreate(Struct):
    name: str
    age: int | None = None


async def a_person(db: AsyncSession) -> None:
    db.add(Person(name="Ann", age=30))


def test_the_rules_are_those_of_the_annotations():
    found = {name: [rule.code for rule in rules] for name, rules in rules_of(Person).items()}

    assert found == {
        "name": ["length", "length"],
        "age": ["range", "range"],
        "wage": ["format", "range"],
        "essay": ["length"],
        "code": ["pattern"],
        "nick": ["length", "length"],
    }


def test_a_column_of_text_is_as_long_as_its_rules_say():
    columns = Person.__table__.columns

    lengths = {
        name: getattr(columns[name].type, "length", None) for name in ("name", "code", "nick")
    }

    assert lengths == {"name": 20, "code": 7, "nick": 20}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "A"}, "Person.name must have at least 2 characters"),
        ({"name": "Ann", "age": 151}, "Person.age must be at most 150"),
        ({"name": "Ann", "wage": Decimal(-1)}, "Person.wage must be at least 0"),
        ({"name": "Ann", "code": "A1"}, "Person.code must match the pattern"),
        ({"name": "Ann", "nick": 7}, "Person.nick must have at least 2 characters"),
    ],
)
def test_a_row_against_the_rules_is_not_written(sqlite, values, message):
    async def put(db: AsyncSession) -> None:
        db.add(Person(**values))

    with pytest.raises(BrokenRules, match=message):
        run(Base, sqlite, put)


def test_what_keeps_them_is_written_on_every_database(url):
    async def put(db: AsyncSession) -> None:
        db.add(Person(name="Ann", age=30, wage=Decimal("1.5"), essay="e" * 19_000, code="abc"))

    async def look(db: AsyncSession) -> Any:
        found = await db.get_or_404(Person, 1)
        return found.name, found.age, found.wage, len(found.essay)

    assert run(Base, url, put, look) == ("Ann", 30, Decimal("1.5"), 19_000)


def test_only_what_is_changed_is_looked_at(sqlite):
    async def old(db: AsyncSession) -> None:
        await db.execute(text("UPDATE person SET age = 999"))

    async def change(db: AsyncSession) -> None:
        person = await db.get_or_404(Person, 1)
        person.plain = "changed"

    async def spoil(db: AsyncSession) -> None:
        person = await db.get_or_404(Person, 1)
        person.age = -1

    run(Base, sqlite, a_person, old, change)
    with pytest.raises(BrokenRules, match="age must be at least 0"):
        run(Base, sqlite, spoil)


def test_what_a_client_has_sent_is_a_422_and_what_the_program_sets_is_its_mistake(sqlite):
    app = App(extensions=[Database(sqlite, create=True, metadata=Base.metadata)])

    @app.post("/people", status=201)
    async def create(sent: PersonCreate, db: AsyncSession, nick: str | None = None) -> int:
        return (await db.create(Person, sent, nick=nick)).id

    with Client(app, raise_server_errors=False) as client:
        good = client.post("/people", json={"name": "Ann"})
        wrong = client.post("/people", json={"name": "A", "age": 200})
        ours = client.post("/people?nick=x", json={"name": "Ann"})

    assert (good.status_code, wrong.status_code, ours.status_code) == (201, 422, 500)
    assert {(one["in"], one["path"], one["code"]) for one in wrong.json()["errors"]} == {
        ("body", "name", "length"),
        ("body", "age", "range"),
    }
