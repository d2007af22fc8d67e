import asyncio

from gambrel.limits.rates import Rate
from gambrel.limits.stores import memory
from gambrel.limits.stores.memory import MemoryCounts

SECOND, MINUTE = Rate(1, 1), Rate(5, 60)


def test_what_one_rate_refuses_is_counted_by_none():
    counts = MemoryCounts(lambda: 100.0)

    first = asyncio.run(counts.use("me", [SECOND, MINUTE], 1))
    again = [counts.count("me", [SECOND, MINUTE], 1) for _ in range(9)]

    assert [one.passes for one in first] == [True, True]
    assert {tuple(one.passes for one in found) for found in again} == {(False, True)}
    assert again[-1][1].left == 3  # as it would be had it passed: still one was used


def test_keys_are_forgotten_that_were_seen_longest_ago(monkeypatch):
    monkeypatch.setattr(memory, "KEPT", 3)
    counts = MemoryCounts(lambda: 100.0)

    for key in ("a", "b", "c", "a", "d"):
        counts.count(key, [MINUTE], 1)

    assert [key for key, _ in counts.full] == ["c", "a", "d"]
