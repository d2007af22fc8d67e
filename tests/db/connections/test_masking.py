import asyncio
import logging
import sqlite3

import pytest
from sqlalchemy import CheckConstraint, ForeignKey, MetaData, String, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column

from gambrel.db import Database, Model
from gambrel.db.connections.masking import masked

SECRET = "hunter2' for key 'x"


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Guarded(Base):
    __table_args__ = (CheckConstraint("number < 10", "small"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(30), unique=True)
    number: Mapped[int] = mapped_column(default=1)
    parent: Mapped[str | None] = mapped_column(String(30), ForeignKey("guarded.name"))


REFUSED = [
    ("INSERT INTO guarded (id, name, number) VALUES (2, :it, 1)", "guarded"),
    ("INSERT INTO guarded (id, name, number) VALUES (3, :it, 99)", "small"),
    ("INSERT INTO guarded (id, name, number) SELECT 4, :it, NULL", "number"),
    ("INSERT INTO guarded (id, name, number, parent) VALUES (5, 'x', 1, :it)", ""),
    ("SELECT * FROM nowhere WHERE name = :it", "nowhere"),
    ("SELEC :it", "syntax"),
]


@pytest.mark.parametrize(("statement", "told"), REFUSED, ids=range(len(REFUSED)))
def test_what_a_database_refuses_is_told_without_values(url, statement, told, caplog):
    async def main() -> None:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running():
            async with database.session() as db:
                row = "INSERT INTO guarded (id, name, number) VALUES (1, :it, 1)"
                await db.execute(text(row), {"it": SECRET})
            async with database.session() as db:
                await db.execute(text(statement), {"it": SECRET + "!" * ("parent" in statement)})

    with pytest.raises(DBAPIError) as raised, caplog.at_level(logging.DEBUG):
        asyncio.run(main())

    chain = [raised.value, raised.value.__cause__, raised.value.orig]
    assert "hunter2" not in " ".join(map(str, chain)) + caplog.text
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("cause", "left"),
    [
        ((1062, "Duplicate entry 'it's' for key 'uq'' for key 'uq_name'"), "'…' for key 'uq_name'"),
        ((1366, "Incorrect integer value: 'x' for column `a`.`b` at row 1"), "'…' for column `a`"),
        ((1292, "Truncated incorrect DOUBLE value: 'x'"), "DOUBLE value: '…'"),
        ((1146, "Table 'a.b' doesn't exist"), "Table 'a.b' doesn't exist"),
    ],
)
def test_names_stay(cause, left):
    assert left in masked(Exception(*cause))[1]


def test_what_has_no_values_is_left_as_it_is():
    error = sqlite3.IntegrityError("UNIQUE constraint failed: hero.name")

    assert masked(error) == error.args


@pytest.mark.service("mariadb")
def test_what_mariadb_warns_of_is_in_no_log(mariadb, caplog):
    async def main() -> None:
        async with Database(mariadb).running() as database, database.session() as db:
            await db.execute(text("SELECT CAST(:it AS INT)"), {"it": "hunter2"})

    with caplog.at_level(logging.DEBUG):
        asyncio.run(main())

    assert "hunter2" not in caplog.text
