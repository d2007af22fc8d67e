import asyncio
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import MetaData, select, update
from sqlalchemy.orm import Mapped, mapped_column

from gambrel import GambrelError
from gambrel.db import AsyncSession, Database, JSONOf, Model, with_part


class Base(Model):
    __abstract__ = True
    metadata = MetaData()


class Address(Struct, frozen=True):
    street: str
    tags: list[str]
    more: dict[str, Any]


class Person(Base):
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[Address] = mapped_column(JSONOf(Address))


def changed(url: str, path: list[str | int], value: Any) -> Address:
    async def main() -> Address:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running():
            async with database.session() as db:
                db.add(Person(address=Address("Main St", ["a", "b"], {"x y": 1})))
            async with database.session() as db:
                part = with_part(Person.address, path, value)
                await db.execute(update(Person).values(address=part))
            async with database.session() as db:
                return (await db.get_or_404(Person, 1)).address

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "value", "wanted"),
    [
        (["street"], 'Side "St"', Address('Side "St"', ["a", "b"], {"x y": 1})),
        (["tags", 1], "c", Address("Main St", ["a", "c"], {"x y": 1})),
        (
            ["more", "x y"],
            {"z": [1.5, None]},
            Address("Main St", ["a", "b"], {"x y": {"z": [1.5, None]}}),
        ),
        (["more", "new"], True, Address("Main St", ["a", "b"], {"x y": 1, "new": True})),
    ],
)
def test_a_part_is_set_and_the_rest_stays(url, path, value, wanted):
    assert changed(url, path, value) == wanted


@pytest.mark.parametrize("key", ['a"b', "a\\b"])
def test_a_key_that_could_end_the_path_is_refused(key):
    with pytest.raises(GambrelError, match="is no key"):
        with_part(Person.address, [key], 1)


def test_parts_are_asked_for_by_their_path(url):
    async def main() -> Any:
        database = Database(url, create=True, metadata=Base.metadata)
        async with database.running(), database.session() as db:
            db.add(Person(address=Address("Main St", ["a", "b"], {"n": 7})))
            db.add(Person(address=Address("Side St", ["c"], {"n": 9})))
            await db.flush()
            return await ask(db)

    async def ask(db: AsyncSession) -> Any:
        number = Person.address["more", "n"].as_integer()
        tag = Person.address["tags", 0].as_string()
        statement = select(tag).where(number > 7).order_by(number)
        return list(await db.scalars(statement))

    assert asyncio.run(main()) == ["c"]
