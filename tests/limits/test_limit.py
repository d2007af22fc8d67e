import asyncio

import pytest

from gambrel import App, Request, Router, TooManyRequests
from gambrel.forms import Forms
from gambrel.limits import RateLimits
from gambrel.limits.limit import Limit, by_network
from gambrel.limits.rates import Rate
from gambrel.limits.stores.memory import MemoryCounts
from gambrel.testing import Client


class Asked:
    client = "2001:db8:1:2:3:4:5:6"


def limit_of(*rates: Rate, **options: object) -> Limit:
    given = {"name": "search", "by": by_network, **options}
    return Limit(MemoryCounts(lambda: 100.0), rates, **given)


def test_several_rates_are_told_of_by_numbers():
    limit = limit_of(Rate(2, 1), Rate(5, 60))

    found = asyncio.run(limit.use(Asked()))

    assert limit.policy == '"search-1";q=2;w=1, "search-2";q=5;w=60'
    assert limit.told(found) == '"search-1";r=1;t=1, "search-2";r=4;t=12'


def test_clients_of_one_network_are_one():
    assert by_network(Asked()) == "2001:db8:1:2::/64"


@pytest.mark.parametrize("by", [lambda _: None, lambda _: asyncio.sleep(0, None)])
def test_who_has_no_name_is_not_counted(by):
    limit = limit_of(Rate(1, 60), by=by)

    assert [asyncio.run(limit.wait(Asked())) for _ in range(3)] == [0, 0, 0]


def test_a_request_may_cost_more_or_nothing():
    limit = limit_of(Rate(10, 60), cost=lambda request: request.cost)

    def asked(cost: float) -> int:
        request = Asked()
        request.cost = cost
        return asyncio.run(limit.wait(request))

    assert [asked(4), asked(4), asked(4), asked(0), asked(2)] == [0, 0, 12, 0, 0]


def test_groups_and_routes_have_limits_of_their_own_beside_that_of_the_app():
    limits = RateLimits("100/minute")
    group = Router("/api", middleware=[limits.at("3/minute", name="api")])

    @group.get("/cheap")
    async def cheap() -> str:
        return "cheap"

    @group.get("/dear", middleware=[limits.at("1/hour", name="dear")])
    async def dear() -> str:
        return "dear"

    app = App(extensions=[limits])
    app.include(group)
    with Client(app) as client:
        first, second = client.get("/api/dear"), client.get("/api/dear")
        third, fourth = client.get("/api/cheap"), client.get("/api/cheap")

    assert [one.status_code for one in (first, second, third, fourth)] == [200, 429, 200, 429]
    assert first.headers["ratelimit"] == '"dear";r=0;t=3600, "api";r=2;t=20, "app";r=99;t=1'
    assert second.headers["retry-after"] == "3600"
    assert second.json()["status"] == 429
    assert second.headers["ratelimit-policy"].startswith('"dear";q=1;w=3600, "api";q=3;w=60')


def test_forms_may_be_limited_by_it():
    limits = RateLimits()
    app = App(extensions=[limits, Forms(rate=limits.at("1/minute").wait)])

    @app.get("/")
    async def home(request: Request) -> int:
        return await limits.at("1/second", name="home").wait(request)

    with Client(app) as client:
        assert client.get("/").json() == 0


def test_the_error_has_what_clients_need():
    limit = limit_of(Rate(1, 60))

    async def answer(_request: object) -> object:
        raise AssertionError("a request that is refused goes no further")

    async def main() -> None:
        await limit.use(Asked())
        await limit(Asked(), answer)

    with pytest.raises(TooManyRequests, match="try again in 60 s") as raised:
        asyncio.run(main())
    assert raised.value.headers == {
        "ratelimit-policy": '"search";q=1;w=60',
        "ratelimit": '"search";r=0;t=60',
        "retry-after": "60",
    }
