import asyncio

import pytest
from sqlalchemy import JSON, Column, Date, ForeignKey, Integer, MetaData, String, Table, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import GambrelError
from gambrel.db import ChangeLog, Database, Model, Recorded
from gambrel.db.connections.urls import parse_address
from gambrel.db.transfer.anonymous import anonymous
from gambrel.db.transfer.dumping import dump
from gambrel.db.transfer.loading import load
from gambrel.db.transfer.opening import address_of, connected


def table(**kinds):
    columns = [
        Column(name, String(20), info={"personal": kind} if kind else {})
        for name, kind in kinds.items()
    ]
    return Table("people", MetaData(), *columns)


def test_marked_values_are_replaced_alike_and_others_stay():
    people = table(mail="email", name="name", phone="phone", gone="nothing", town=None)

    change = anonymous(people.metadata)

    mail = change(people.c.mail, "ann@example.com")
    assert "ann" not in mail
    assert len(mail) == 20
    assert change(people.c.mail, "ann@example.com") == mail
    assert change(people.c.mail, "bob@example.com") != mail
    assert change(people.c.name, "Ann").startswith("Person ")
    assert change(people.c.phone, "030 1").startswith("+")
    assert change(people.c.gone, "x") is None
    assert change(people.c.town, "Berlin") == "Berlin"


def test_another_copy_has_other_values():
    people = table(name="name")

    first, second = anonymous(people.metadata), anonymous(people.metadata)

    assert first(people.c.name, "Ann") != second(people.c.name, "Ann")


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Person(Recorded, Base):
    mail: Mapped[str] = mapped_column(String(40), primary_key=True, info={"personal": "email"})
    notes: Mapped[dict[str, str]] = mapped_column(JSON, info={"personal": "secret"})


class Order(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column(ForeignKey("person.mail"))


class Change(ChangeLog, Base):
    pass


def test_nothing_of_a_person_is_left_in_keys_json_and_histories(tmp_path, sqlite):
    async def work() -> None:
        database = Database(sqlite, metadata=Base.metadata, create=True)
        async with database.running(), database.session() as db:
            db.add(person := Person(mail="ann@example.com", notes={"phone": "ann-030"}))
            await db.flush()
            db.add(Order(mail=person.mail))
            person.notes = {"phone": "ann-040"}

    asyncio.run(work())
    file = tmp_path / "copy.jsonl"
    with connected(address_of(Database(sqlite)), writes=False) as connection:
        counts = dump(connection, Base.metadata, file, anonymous(Base.metadata))
    with connected(parse_address(f"sqlite:///{tmp_path}/copy.db", tmp_path), writes=True) as copy:
        Base.metadata.create_all(copy)
        load(copy, Base.metadata, file)

    assert counts == {"change": 2, "person": 1, "order": 1}
    assert "ann" not in file.read_text()


def test_a_history_alone_does_not_make_a_copy_without_persons():
    metadata = MetaData()
    Change.__table__.to_metadata(metadata)

    with pytest.raises(GambrelError, match="no column says"):
        anonymous(metadata)


@pytest.mark.parametrize(
    ("kind", "options", "mark"),
    [
        (Integer, {}, "phone"),
        (Date, {}, "text"),
        (JSON, {}, "name"),
        (Uuid, {}, "text"),
        (String(20), {"unique": True}, "secret"),
        (String(20), {"nullable": False}, "nothing"),
    ],
)
def test_a_mark_whose_values_could_not_be_loaded_is_refused(kind, options, mark):
    people = Table("people", MetaData(), Column("it", kind, info={"personal": mark}, **options))

    with pytest.raises(GambrelError, match="cannot be replaced"):
        anonymous(people.metadata)


@pytest.mark.parametrize("people", [table(name=None), table(name="nonsense")])
def test_a_copy_that_would_hide_nothing_is_refused(people):
    with pytest.raises(GambrelError) as caught:
        anonymous(people.metadata)

    assert caught.value.code == "db.anonymous"
