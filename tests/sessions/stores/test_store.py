"""What every store does; each kind of store is put to the same tests."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from gambrel.db import SessionStore
from gambrel.sessions.stores.memory import MemoryStore
from gambrel.sessions.stores.redis import RedisStore
from gambrel.sessions.stores.store import Store

KINDS = pytest.mark.parametrize(
    "kind",
    [
        pytest.param(MemoryStore, id="memory"),
        pytest.param(RedisStore, id="redis", marks=pytest.mark.service("redis")),
        pytest.param(partial(SessionStore, "sqlite://"), id="sqlite"),
        pytest.param(
            partial(SessionStore, "postgresql:///test"),
            id="postgres",
            marks=pytest.mark.service("postgres"),
        ),
    ],
)


def in_store(kind: Any, script: Callable[[Store, str], Awaitable[None]]) -> None:
    """Run a script with a store and a key that nobody else has."""

    async def main() -> None:
        store, key = kind(), os.urandom(16).hex()
        try:
            await script(store, key)
        finally:
            await store.end(key)
            if hasattr(store, "close"):
                await store.close()

    asyncio.run(main())


@KINDS
def test_a_record_is_kept_changed_and_forgotten(kind):
    async def script(store: Store, key: str) -> None:
        assert await store.load(key) is None
        await store.create(key, {"": b"[1,2]", "a": b"1", "b": b"\xff\x00"}, 60)
        assert await store.load(key) == {"": b"[1,2]", "a": b"1", "b": b"\xff\x00"}
        assert await store.update(key, {"a": b"2", "c": b"3"}, {"b"}, 60) is True
        assert await store.load(key) == {"": b"[1,2]", "a": b"2", "c": b"3"}
        assert await store.end(key) is True
        assert await store.load(key) is None
        assert await store.end(key) is False

    in_store(kind, script)


@KINDS
def test_what_has_ended_does_not_come_back(kind):
    async def script(store: Store, key: str) -> None:
        assert await store.update(key, {"a": b"1"}, (), 60) is False
        assert await store.load(key) is None

    in_store(kind, script)


@KINDS
def test_changes_of_two_requests_are_both_kept(kind):
    async def script(store: Store, key: str) -> None:
        await store.create(key, {"": b"[1,2]"}, 60)
        changes = [store.update(key, {str(n): b"1"}, (), 60) for n in range(20)]
        assert all(await asyncio.gather(*changes))
        assert len(await store.load(key) or ()) == 21

    in_store(kind, script)
