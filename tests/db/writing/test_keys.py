from datetime import date
from ipaddress import IPv4Address
from uuid import UUID

import pytest
from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import NotFound
from gambrel.db import Model, TextOf
from gambrel.db.writing.keys import key_of, read_key, write_key


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Plain(Base):
    id: Mapped[int] = mapped_column(primary_key=True)


class Rate(Base):
    currency: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    source: Mapped[UUID] = mapped_column(primary_key=True)


RATE = Rate(currency="a,b/c", day=date(2026, 1, 31), source=UUID(int=7))


def test_a_key_of_one_column_is_its_text():
    assert write_key(Plain(id=7)) == "7"
    assert read_key(Plain, "7") == (7,)


def test_a_key_of_several_columns_is_read_as_it_was_written():
    text = write_key(RATE)

    assert text == "a%2Cb%2Fc,2026-01-31,00000000-0000-0000-0000-000000000007"
    assert read_key(Rate, text) == key_of(RATE)


class Host(Base):
    ip: Mapped[IPv4Address] = mapped_column(TextOf(IPv4Address), primary_key=True)


def test_a_value_that_is_kept_as_text_is_read_so():
    assert read_key(Host, write_key(Host(ip=IPv4Address("192.0.2.1")))) == (
        IPv4Address("192.0.2.1"),
    )
    with pytest.raises(NotFound):
        read_key(Host, "somewhere")


@pytest.mark.parametrize("text", ["", "x", "7,8", "1.5", "7%2C8"])
def test_what_is_no_key_is_not_found(text):
    with pytest.raises(NotFound):
        read_key(Plain, text)
