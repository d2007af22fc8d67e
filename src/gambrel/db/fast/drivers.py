"""A statement run on the connection of a driver, and nothing between: for each driver we know.

`running.py` calls these, in a thread or in a greenlet. They know no transaction.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.util.concurrency import await_only

__all__ = ["Answer", "runner_for"]

Answer = tuple[Sequence[Any], Any, int]
"""Rows, what the driver says of their columns, and how many rows there are or were changed."""
Runner = Callable[[Any, str, Any, int], Answer]


def runner_for(dialect: Any, *, many: bool) -> Runner:
    """Return what runs a statement on the connections of a dialect: for one row of values or many.

    It takes the connection, the text, what is bound, and how many rows are wanted: 0 for all.
    """
    if not dialect.is_async:
        return run_many if many else run_one
    if dialect.name == "sqlite":
        return run_sqlite_many if many else run_sqlite
    return run_async_many if many else run_async


def run_one(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """Run a statement in this thread."""
    cursor = driver.cursor()
    try:
        cursor.execute(sql, values)
        if cursor.description is None:
            return (), None, cursor.rowcount
        rows = cursor.fetchmany(size) if size else cursor.fetchall()
        return rows, cursor.description, cursor.rowcount
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


def run_sqlite(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """Run a statement in the thread of a connection to SQLite."""
    answer: Answer = await_only(driver.run(run_one, sql, values, size))
    return answer


def run_sqlite_many(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """The same for many rows of values."""
    answer: Answer = await_only(driver.run(run_many, sql, values, size))
    return answer


def run_async(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """Run a statement by a driver that is awaited."""
    return await_only(awaited(driver, "execute", sql, values, size))


def run_async_many(driver: Any, sql: str, values: Any, size: int) -> Answer:
    """The same for many rows of values."""
    return await_only(awaited(driver, "executemany", sql, values, size))


async def awaited(driver: Any, method: str, sql: str, values: Any, size: int) -> Answer:
    """Run a statement and wait for its rows."""
    async with driver.cursor() as cursor:
        await getattr(cursor, method)(sql, values)
        if method == "executemany" or cursor.description is None:
            return (), None, cursor.rowcount
        rows = await cursor.fetchmany(size) if size else await cursor.fetchall()
        return rows, cursor.description, cursor.rowcount
