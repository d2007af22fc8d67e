import pytest

from gambrel import App, GambrelError
from gambrel.limits import RateLimits, RedisCounts
from gambrel.testing import Client


def app_of(limits: RateLimits) -> App:
    app = App(extensions=[limits])

    @app.get("/")
    async def home() -> str:
        return "home"

    @app.get("/health", extra={"rate_limit": False})
    async def health() -> str:
        return "well"

    return app


def test_a_client_is_limited_in_the_whole_app_but_where_a_route_says_otherwise():
    with Client(app_of(RateLimits("2/minute"))) as client:
        assert [client.get("/").status_code for _ in range(2)] == [200, 200]
        assert client.get("/").status_code == 429
        assert client.get("/nothing").status_code == 429  # who looks for routes is counted, too
        assert "ratelimit" not in client.get("/health").headers


def test_clients_are_told_apart_as_the_app_wants():
    limits = RateLimits("1/minute", by=lambda request: request.headers.get("x-key"))
    with Client(app_of(limits)) as client:
        ask = lambda key: client.get("/", headers={"x-key": key}).status_code  # noqa: E731
        assert [ask("a"), ask("b"), ask("a")] == [200, 200, 429]
        assert [client.get("/").status_code for _ in range(3)] == [200, 200, 200]


def test_rates_are_a_setting(monkeypatch):
    monkeypatch.setenv("GAMBREL_RATE_LIMITS__RATES", '["1/minute"]')
    with Client(app_of(RateLimits())) as client:
        assert [client.get("/").status_code for _ in range(2)] == [200, 429]


def test_without_rates_the_app_is_not_limited():
    with Client(app_of(RateLimits())) as client:
        assert "ratelimit" not in client.get("/").headers


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: RateLimits("often"), "limits.rate"),
        (lambda: RateLimits().at(), "limits.rate"),
        (lambda: RateLimits().at("1/second", name="app"), "limits.name"),
        (lambda: RateLimits().at("1/second", name='a"b'), "limits.name"),
    ],
)
def test_what_cannot_be_meant_is_told_where_it_is_written(make, code):
    with pytest.raises(GambrelError) as raised:
        make()
    assert raised.value.code == code


def test_before_it_is_deployed_one_is_told_that_workers_count_for_themselves():
    (problem,) = RateLimits("1/second").check_shared(None)
    assert problem.id == "limits.shared"

    assert list(RateLimits("1/second", store=RedisCounts()).check_shared(None)) == []
