import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import json

from gambrel import Response
from gambrel.observability.health.checks import HealthCheck, Monitor
from gambrel.observability.health.views import HealthViews
from gambrel.observability.insiders import Insiders
from gambrel.testing import make_request


async def call(run: Callable[..., Awaitable[Any]]) -> Any:
    return await run()


async def fail() -> None:
    raise OSError("db.internal:5432 refuses")


async def work() -> None:
    return None


def views(*checks: HealthCheck) -> HealthViews:
    made = HealthViews(Insiders())
    made.monitor = Monitor(checks, call, keep=0)
    return made


def asked(ask: Callable[..., Awaitable[Response]], peer: str = "192.0.2.7") -> tuple[int, Any]:
    response = asyncio.run(ask(make_request(peer=(peer, 1))))  # type: ignore[arg-type]
    assert response.headers["cache-control"] == "no-store"
    assert isinstance(response.body, bytes)
    return response.status, json.decode(response.body)


def test_live_asks_nothing():
    live = asyncio.run(views(HealthCheck("database", fail)).live())

    assert live.status == 200


def test_ready_tells_strangers_which_check_fails_and_no_more():
    made = views(HealthCheck("database", fail), HealthCheck("mail", work))

    assert asked(made.ready) == (
        503,
        {"status": "failing", "checks": {"database": "failing", "mail": "ok"}},
    )


def test_ready_tells_insiders_why():
    status, body = asked(views(HealthCheck("database", fail)).ready, "127.0.0.1")

    assert status == 503
    assert body["checks"]["database"].pop("seconds") >= 0
    assert body["checks"]["database"] == {
        "status": "failing",
        "critical": True,
        "detail": "OSError: db.internal:5432 refuses",
    }


def test_a_degraded_app_is_ready():
    status, body = asked(views(HealthCheck("mail", fail, critical=False)).ready)

    assert (status, body["status"]) == (200, "degraded")


def test_while_draining_nothing_is_ready_and_nothing_is_asked():
    made = views(HealthCheck("database", work))
    made.is_draining = lambda: True

    assert asked(made.ready) == (503, {"status": "draining"})
    assert asyncio.run(made.live()).status == 200


def test_before_the_start_nothing_is_ready():
    made = HealthViews(Insiders())

    assert asked(made.ready) == (503, {"status": "starting"})
    assert asked(made.startup) == (503, {"status": "starting"})


def test_what_has_started_once_stays_started():
    made = views(HealthCheck("database", fail))
    assert asked(made.startup)[0] == 503

    made.monitor = Monitor([HealthCheck("database", work)], call)
    assert asked(made.startup)[0] == 200

    made.monitor = Monitor([HealthCheck("database", fail)], call)
    assert asked(made.startup) == (200, {"status": "ok"})
