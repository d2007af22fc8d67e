from typing import Any

import pytest
from sqlalchemy import ForeignKey, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from gambrel import GambrelError
from gambrel.db import AsyncSession, Model
from gambrel.db.records.natural_keys import find_by_natural_key, natural_key, natural_key_of, needed
from tests.db.running import run


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Country(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)


class City(Base):
    __natural_key__ = ("country", "name")
    __table_args__ = (UniqueConstraint("country_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    zip: Mapped[str | None] = mapped_column(unique=True)
    country_id: Mapped[int] = mapped_column(ForeignKey("country.id"))
    country: Mapped[Country] = relationship()


class Indexed(Base):
    __table_args__ = (Index("uq_indexed", "name", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Ambiguous(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str] = mapped_column(unique=True)


class Partial(Base):
    __table_args__ = (Index("uq_partial", "name", unique=True, sqlite_where=text("name <> ''")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Loose(Base):
    __natural_key__ = ("name",)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ByKey(Base):
    __natural_key__ = ("code",)

    code: Mapped[str] = mapped_column(primary_key=True)


class Chosen(Base):
    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]


class Made(Base):
    token: Mapped[str] = mapped_column(primary_key=True, default="x")
    title: Mapped[str]


class MayBeNull(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(unique=True)


class Numbers(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Country, ("code",)),
        (City, ("country", "name")),
        (Indexed, ("name",)),
        (Ambiguous, ()),
        (Partial, ()),
        (ByKey, ("code",)),
        (Chosen, ("code",)),
        (Made, ()),
        (MayBeNull, ()),
        (Numbers, ()),
    ],
)
def test_it_is_what_is_declared_or_the_one_thing_that_is_unique(model, names):
    assert natural_key(model) == names


def test_one_that_two_rows_could_have_is_refused():
    with pytest.raises(GambrelError, match="two rows of Loose could have"):
        natural_key(Loose)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (
            MayBeNull,
            '`__natural_key__ = ("email",)`, if people call rows by that: email may be null',
        ),
        (Ambiguous, "of several it is not known which"),
        (Made, '`__natural_key__ = ("token",)`, and `unique=True`'),
        (Numbers, '`__natural_key__ = ("name",)`'),
    ],
)
def test_a_model_without_one_is_told_in_its_own_names(model, told):
    with pytest.raises(GambrelError) as caught:
        needed(model)

    assert told in caught.value.hint


def test_a_row_is_found_by_the_key_that_it_tells(url):
    async def put(db: AsyncSession) -> None:
        db.add(City(name="Springfield", country=Country(code="us")))
        db.add(City(name="Springfield", country=Country(code="ca")))

    def look(db: Session) -> list[Any]:
        found = find_by_natural_key(db, City, (("ca",), "Springfield"))
        assert found is not None
        nowhere = find_by_natural_key(db, City, (("fr",), "Springfield"))
        return [natural_key_of(db, found), nowhere]

    assert run(Base, url, put, lambda db: db.run_sync(look)) == [(("ca",), "Springfield"), None]


def test_who_has_no_natural_key_says_so(sqlite):
    def ask(db: Session) -> None:
        find_by_natural_key(db, Ambiguous, ("a@example.com",))

    with pytest.raises(GambrelError, match="Ambiguous has no natural key"):
        run(Base, sqlite, lambda db: db.run_sync(ask))


def test_a_key_of_another_length_is_refused(sqlite):
    def ask(db: Session) -> None:
        find_by_natural_key(db, City, ("Springfield",))

    with pytest.raises(GambrelError, match="has country, name"):
        run(Base, sqlite, lambda db: db.run_sync(ask))
