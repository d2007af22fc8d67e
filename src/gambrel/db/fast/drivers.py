"""A statement run on the connection of a driver, and nothing between: for each driver we know.

`running.py` calls these. They know no transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

__all__ = ["Answer", "Asker", "asker_alone", "asker_for", "run_many", "run_one"]

Answer = tuple[Sequence[Any], Any, int]
"""Rows, what has the driver's `description` of their columns, and how many were changed."""


class Described:
    """The description of columns, of a cursor that is closed."""

    __slots__ = ("description",)

    def __init__(self, description: Any) -> None:
        self.description = description


Asker = Callable[[Any, str, Any, int], Awaitable[Answer]]


def asker_for(dialect: Any, *, many: bool) -> Asker:
    """Return what runs a statement on the async connections of a dialect: for one row of values or
    many.

    It takes the connection, the text, what is bound, and how many rows are wanted: 0 for all.
    """
    if dialect.name == "sqlite":
        return ask_sqlite_many if many else ask_sqlite
    if dialect.name == "postgresql" and not many:
        return ask_postgresql
    return ask_many if many else ask


def asker_alone(dialect: Any) -> Asker:
    """Return what runs a query by itself: it sees one moment without a transaction, too."""
    return ask_postgresql_alone if dialect.name == "postgresql" else ask_sqlite_alone


def run_one(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """Run a statement in this thread."""
    cursor = driver.cursor()
    try:
        cursor.execute(sql, values)
        if (description := cursor.description) is None:
            return (), None, cursor.rowcount
        rows = cursor.fetchmany(size) if size else cursor.fetchall()
        return rows, Described(description), cursor.rowcount
    finally:
        cursor.close()


def run_many(driver: Any, sql: str, values: Any, _size: int) -> Answer:
    """Run a statement once for each row of values, in this thread."""
    cursor = driver.cursor()
    try:
        cursor.executemany(sql, values)
        return (), None, cursor.rowcount
    finally:
        cursor.close()


async def ask_sqlite(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """Run a statement on a connection to SQLite, in a thread."""
    answer: Answer = await driver.run(run_one, sql, values, size)
    return answer


async def ask_sqlite_alone(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """The same outside of a transaction."""
    answer: Answer = await driver.in_thread(run_one, driver.plain, sql, values, size)
    return answer


async def ask_sqlite_many(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """The same for many rows of values."""
    answer: Answer = await driver.run(run_many, sql, values, size)
    return answer


async def ask(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """Run a statement by a driver that is awaited."""
    async with driver.cursor() as cursor:
        await cursor.execute(sql, values)
        if (description := cursor.description) is None:
            return (), None, cursor.rowcount
        rows = await cursor.fetchmany(size) if size else await cursor.fetchall()
        return rows, Described(description), cursor.rowcount


async def ask_postgresql(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """The same by psycopg: its cursors need no end, and to describe columns takes long."""
    cursor = await driver.execute(sql, values)
    if not cursor.pgresult.nfields:
        return (), None, cursor.rowcount
    rows = await cursor.fetchmany(size) if size else await cursor.fetchall()
    return rows, cursor, cursor.rowcount


async def ask_postgresql_alone(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """The same with no BEGIN before it: that is two round trips less."""
    driver.stands_alone = True
    return await ask_postgresql(driver, sql, values, size)


async def ask_many(driver: Any, sql: str, values: Any, _size: int) -> Answer:
    """The same for many rows of values."""
    async with driver.cursor() as cursor:
        await cursor.executemany(sql, values)
        return (), None, cursor.rowcount
