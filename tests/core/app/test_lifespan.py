import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import Any

import pytest

from gambrel.core.app.lifespan import Entry, Lifespan, Resources
from gambrel.core.http.errors import GambrelError


class App:
    pass


class Database:
    pass


class SQLite(Database):
    pass


class Cache:
    def __init__(self, database: Database) -> None:
        self.database = database


def run(*opens: Any, resources: Resources | None = None, inside: Any = None) -> None:
    async def scenario() -> None:
        entries = [Entry(one, where="app.py:1") for one in opens]
        kept = Resources() if resources is None else resources
        async with Lifespan(entries, App(), kept):
            if inside is not None:
                inside(kept)

    asyncio.run(scenario())


def traced(log: list[str], name: str, fails_at: str = "") -> Any:
    @asynccontextmanager
    async def open_it() -> AsyncIterator[None]:
        if fails_at == "open":
            raise RuntimeError(f"{name} does not open")
        log.append(f"+{name}")
        yield
        log.append(f"-{name}")
        if fails_at == "close":
            raise RuntimeError(f"{name} does not close")

    return open_it


def test_entries_open_in_order_and_close_in_reverse() -> None:
    log: list[str] = []

    run(traced(log, "a"), traced(log, "b"), inside=lambda _: log.append("serve"))

    assert log == ["+a", "+b", "serve", "-b", "-a"]


def test_what_was_opened_is_closed_when_a_later_one_fails() -> None:
    log: list[str] = []

    with pytest.raises(RuntimeError, match="b does not open") as caught:
        run(traced(log, "a"), traced(log, "b", "open"), traced(log, "c"))

    assert log == ["+a", "-a"]
    assert "app.py:1" in caught.value.__notes__[0]


def test_a_failed_start_and_a_failed_close_are_both_told() -> None:
    log: list[str] = []

    with pytest.raises(ExceptionGroup) as caught:
        run(traced(log, "a", "close"), traced(log, "b", "open"))

    assert [str(error) for error in caught.value.exceptions] == [
        "b does not open",
        "a does not close",
    ]


def test_one_error_while_closing_is_raised_as_it_is_and_the_rest_closes() -> None:
    log: list[str] = []

    with pytest.raises(RuntimeError, match="b does not close"):
        run(traced(log, "a"), traced(log, "b", "close"), traced(log, "c"))

    assert log == ["+a", "+b", "+c", "-c", "-b", "-a"]


def test_errors_while_closing_are_collected() -> None:
    log: list[str] = []

    with pytest.raises(ExceptionGroup) as caught:
        run(traced(log, "a", "close"), traced(log, "b", "close"))

    assert len(caught.value.exceptions) == 2


def test_a_cancellation_while_closing_closes_the_rest_and_wins() -> None:
    log: list[str] = []

    @asynccontextmanager
    async def cancelled() -> AsyncIterator[None]:
        yield
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(traced(log, "a", "close"), cancelled)

    assert log == ["+a", "-a"]


def test_a_cancellation_while_opening_closes_what_is_open_and_stays_a_cancellation() -> None:
    log: list[str] = []

    async def cancelled() -> AsyncIterator[None]:
        raise asyncio.CancelledError
        yield

    with pytest.raises(asyncio.CancelledError):
        run(traced(log, "a", "close"), cancelled)

    assert log == ["+a", "-a"]


def test_generator_functions_and_context_managers_of_both_colours_are_taken() -> None:
    log: list[str] = []

    async def async_generator() -> AsyncIterator[None]:
        log.append("async")
        yield

    def sync_generator() -> Iterator[None]:
        log.append("sync")
        yield

    @contextmanager
    def manager() -> Iterator[None]:
        log.append("manager")
        yield

    run(async_generator, sync_generator, manager, nullcontext())

    assert log == ["async", "sync", "manager"]


def test_a_yielded_value_is_kept_under_its_annotated_type_while_open() -> None:
    async def open_database() -> AsyncIterator[Database]:
        yield SQLite()

    resources = Resources()
    run(
        open_database,
        resources=resources,
        inside=lambda kept: isinstance(kept[Database], SQLite) or pytest.fail("not kept"),
    )

    assert Entry(open_database).produces is Database
    assert resources.find(Database) is None


def test_a_value_without_annotation_is_kept_under_its_own_type() -> None:
    def open_database():  # type: ignore[no-untyped-def]
        yield SQLite()

    found: list[Database] = []
    run(open_database, inside=lambda kept: found.append(kept[Database]))

    assert Entry(open_database).produces is None
    assert isinstance(found[0], SQLite)


def test_the_type_is_known_of_a_function_that_returns_a_context_manager() -> None:
    def open_it() -> AbstractAsyncContextManager[Database]:
        raise NotImplementedError

    assert Entry(open_it).produces is Database
    assert Entry(traced([], "a")).produces is None
    assert Entry(nullcontext()).produces is None


def test_a_parameter_is_filled_by_type_and_a_bare_one_is_the_app() -> None:
    seen: list[object] = []

    def open_database() -> Iterator[Database]:
        yield SQLite()

    def open_cache(app, database: Database, size: int = 3) -> Iterator[Cache]:  # type: ignore[no-untyped-def]
        seen.append(app)
        yield Cache(database)

    def read(app: App, cache: Cache) -> Iterator[None]:
        seen.append(app)
        seen.append(cache.database)
        yield

    run(open_database, open_cache, read)

    assert [type(one) for one in seen] == [App, App, SQLite]


def test_a_parameter_that_nothing_opens_is_a_start_up_error() -> None:
    def open_cache(database: Database) -> Iterator[Cache]:
        yield Cache(database)

    with pytest.raises(GambrelError, match="open_cache needs database: Database"):
        run(open_cache)


def test_a_parameter_that_is_no_single_type_is_a_start_up_error() -> None:
    def open_cache(database: Database | None) -> Iterator[None]:
        yield

    with pytest.raises(GambrelError, match="open_cache needs database: "):
        run(open_cache)


def test_two_values_of_one_type_are_refused_and_closed() -> None:
    log: list[str] = []

    def open_database() -> Iterator[Database]:
        yield Database()
        log.append("closed")

    with pytest.raises(GambrelError, match="two lifespan entries yield a Database"):
        run(open_database, open_database)

    assert log == ["closed", "closed"]


def test_what_is_no_context_manager_is_refused() -> None:
    with pytest.raises(GambrelError, match="neither a context manager"):
        run(lambda: 3)


def test_resources_find_by_type_and_by_subclass() -> None:
    database = SQLite()
    resources = Resources([database])

    assert resources[SQLite] is database
    assert resources[Database] is database
    with pytest.raises(GambrelError, match="no Cache is open"):
        resources[Cache]
