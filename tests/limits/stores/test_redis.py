import asyncio
import logging
import socket
import sys
import uuid

import pytest

from gambrel import GambrelError
from gambrel.limits.rates import Rate
from gambrel.limits.stores import redis
from gambrel.limits.stores.redis import RedisCounts

MINUTE = Rate(20, 60)


@pytest.mark.service("redis")
def test_a_hundred_at_once_by_several_processes_are_counted_exactly():
    prefix = f"rate-{uuid.uuid4()}:"

    async def main() -> tuple[list[int], list[bool]]:
        several = [RedisCounts(prefix=prefix, timeout=10) for _ in range(4)]
        found = await asyncio.gather(
            *(one.use("me", [MINUTE, Rate(1000, 3600)], 1) for one in several for _ in range(25))
        )
        other = await several[0].use("you", [MINUTE], 2)
        ttl = await several[0]._client.pttl(f"{prefix}{{me}}:20/60")
        assert 50_000 < ttl <= 60_000
        for one in several:
            await one.close()
        passed = [minute for minute, _ in found if minute.passes]
        return sorted(one.left for one in passed), [one.passes for one in other]

    left, other = asyncio.run(main())

    assert left == list(range(20))
    assert other == [True]


def test_while_redis_is_gone_a_process_counts_for_itself_and_does_not_wait_each_time(
    monkeypatch, caplog
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    counts = RedisCounts(f"redis://127.0.0.1:{port}/0")
    asked = []
    script = counts._script

    async def seen(**given: object) -> object:
        asked.append(given)
        return await script(**given)

    monkeypatch.setattr(counts, "_script", seen)

    async def main() -> list[bool]:
        found = [(await counts.use("me", [Rate(2, 60)], 1))[0].passes for _ in range(3)]
        counts.silent_until = 0.0
        await counts.use("me", [Rate(2, 60)], 1)
        await counts.close()
        return found

    with caplog.at_level(logging.WARNING, "gambrel.limits"):
        assert asyncio.run(main()) == [True, True, False]
    assert len(asked) == 2
    assert "each process does for itself" in caplog.text
    assert redis.PAUSE == 1.0


def test_without_its_library_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)

    with pytest.raises(GambrelError, match="redis, which is not installed"):
        RedisCounts()
