import asyncio

from gambrel.sessions.stores.memory import MemoryStore


def test_a_record_ends_with_its_time_and_a_change_makes_it_last():
    now = [0.0]

    async def main() -> None:
        store = MemoryStore(clock=lambda: now[0])
        await store.create("key", {"a": b"1"}, 10)
        now[0] = 9
        assert await store.update("key", {}, (), 10)
        now[0] = 18
        assert await store.load("key") == {"a": b"1"}
        now[0] = 19
        assert await store.load("key") is None
        assert len(store) == 0

    asyncio.run(main())


def test_of_too_many_those_used_longest_ago_go():
    async def main() -> None:
        store = MemoryStore(limit=2)
        await store.create("a", {}, 60)
        await store.create("b", {}, 60)
        await store.update("a", {}, (), 60)
        await store.create("c", {}, 60)
        assert [await store.load(key) for key in "abc"] == [{}, None, {}]

    asyncio.run(main())


def test_what_is_loaded_is_a_copy():
    async def main() -> None:
        store = MemoryStore()
        await store.create("a", {"x": b"1"}, 60)
        found = dict(await store.load("a") or {})
        found["x"] = b"2"
        assert await store.load("a") == {"x": b"1"}

    asyncio.run(main())
