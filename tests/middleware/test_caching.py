from gambrel import App, NotFound, Response, Router
from gambrel.headers import CacheControl
from gambrel.middleware import cache_control
from gambrel.testing import Client


def test_answers_of_a_group_say_how_long_they_may_be_kept():
    app = App()
    prices = Router("/prices", middleware=[cache_control(CacheControl(public=True, max_age=60))])

    @prices.get("/")
    async def index() -> list[int]:
        return [1]

    @prices.get("/now")
    async def now(response: Response) -> int:
        response.headers["cache-control"] = "no-store"
        return 1

    @prices.get("/{number}")
    async def show(number: int) -> int:
        raise NotFound

    app.include(prices)

    with Client(app) as client:
        said = [client.get(f"/prices/{p}").headers.get("cache-control") for p in ("", "now", "7")]

    assert said[:2] == ["public, max-age=60", "no-store"]
    assert "max-age=60" not in (said[2] or "")
