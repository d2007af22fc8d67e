import asyncio

from gambrel.limits.limit import Limit, by_network
from gambrel.limits.rates import Rate, Verdict
from gambrel.limits.stores.store import Counts


class Generous:
    """A store of somebody else's."""

    async def use(self, key: str, rates: list[Rate], cost: float) -> list[Verdict]:
        return [Verdict(True, 0.0, rate.times, 0, 0) for rate in rates]


class Asked:
    client = "192.0.2.1"


def test_anything_with_its_method_is_a_store():
    store: Counts = Generous()
    limit = Limit(store, [Rate(1, 60)], "own", by_network)

    assert [asyncio.run(limit.wait(Asked())) for _ in range(5)] == [0] * 5
