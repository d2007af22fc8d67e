import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import pytest

from gambrel.observability.health.checks import HealthCheck, Monitor, Outcome, Report


async def call(run: Callable[..., Any]) -> Any:
    return await run()


class Asked:
    """A check that counts how often it was asked; it answers what it is told to."""

    def __init__(self, answer: Any = None) -> None:
        self.times = 0
        self.answer = answer

    async def __call__(self) -> Any:
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def hang() -> None:
    await asyncio.Event().wait()


def monitor(*checks: HealthCheck, **options: Any) -> Monitor:
    return Monitor(checks, call, **options)


def reported(*checks: HealthCheck, **options: Any) -> Report:
    async def run() -> Report:
        one = monitor(*checks, **options)
        try:
            return await one.report()
        finally:
            await one.close()

    return asyncio.run(run())


def test_what_returns_anything_but_false_is_well():
    report = reported(*[HealthCheck(str(v), Asked(v)) for v in (None, True, 0, "")])

    assert report.status == "ok"
    assert [outcome.is_well for outcome in report.outcomes] == [True] * 4


@pytest.mark.parametrize(
    ("answer", "detail"),
    [(False, "returned False"), (OSError("no route"), "OSError: no route")],
)
def test_what_raises_or_returns_false_fails(answer: Any, detail: str):
    report = reported(HealthCheck("database", Asked(answer)))

    assert report.status == "failing"
    assert report.outcomes[0].detail == detail


def test_without_what_is_not_critical_an_app_is_degraded():
    report = reported(
        HealthCheck("database", Asked()), HealthCheck("mail", Asked(False), critical=False)
    )

    assert report.status == "degraded"


def test_an_app_without_checks_is_well():
    assert reported().status == "ok"


def test_checks_run_side_by_side():
    barrier = asyncio.Barrier(3)

    async def meet() -> None:
        await barrier.wait()

    report = reported(*[HealthCheck(str(number), meet) for number in range(3)], timeout=60)

    assert report.status == "ok"


def test_a_check_that_does_not_answer_is_cancelled_at_its_own_time_out():
    report = reported(
        HealthCheck("database", hang, timeout=0.01), HealthCheck("cache", Asked()), timeout=60
    )

    assert [outcome.is_well for outcome in report.outcomes] == [False, True]
    assert report.outcomes[0].detail == "no answer within 0.01 s"


def test_a_check_that_cannot_be_stopped_is_not_started_beside_itself():
    starts = 0
    release = asyncio.Event()

    async def stubborn() -> None:
        nonlocal starts
        starts += 1
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    async def run() -> list[str]:
        one = monitor(HealthCheck("thread", stubborn), keep=0, timeout=0.01)
        found = [(await one.report()).status for _ in range(3)]
        assert starts == 1
        release.set()
        await one.close()
        return [*found, (await one.report()).status]

    assert asyncio.run(run()) == ["failing", "failing", "failing", "ok"]


def test_a_storm_of_probes_asks_once():
    check = Asked()

    async def run() -> None:
        one = monitor(HealthCheck("database", check), keep=3_600)
        await asyncio.gather(*[one.report() for _ in range(1_000)])
        await one.report()

    asyncio.run(run())

    assert check.times == 1


def test_after_a_moment_it_is_asked_again():
    check = Asked()
    now = 0.0

    async def run() -> None:
        nonlocal now
        one = monitor(HealthCheck("database", check), keep=1.0, clock=lambda: now)
        await one.report()
        now = 0.9
        await one.report()
        assert check.times == 1
        now = 1.0
        await one.report()
        assert check.times == 2

    asyncio.run(run())


def test_a_probe_that_leaves_does_not_end_the_round_for_others():
    async def run() -> str:
        release = asyncio.Event()

        async def wait() -> None:
            await release.wait()

        one = monitor(HealthCheck("database", wait), timeout=60)
        first = asyncio.ensure_future(one.report())
        second = asyncio.ensure_future(one.report())
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        release.set()
        return (await second).status

    assert asyncio.run(run()) == "ok"


def test_an_exit_in_a_check_is_a_failure_and_nothing_more():
    async def leave() -> None:
        raise SystemExit(3)

    assert reported(HealthCheck("odd", leave)).status == "failing"


def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture):
    check = Asked(OSError("gone"))

    async def run() -> None:
        one = monitor(HealthCheck("database", check), keep=0)
        await one.report()
        await one.report()
        check.answer = None
        await one.report()
        await one.report()

    with caplog.at_level(logging.INFO, "gambrel.health"):
        asyncio.run(run())

    assert [record.getMessage() for record in caplog.records] == [
        "the health check database fails: OSError: gone",
        "the health check database is well again",
    ]


def test_nothing_is_left_running_once_it_is_closed():
    async def run() -> int:
        one = monitor(HealthCheck("database", hang), timeout=60)
        waiting = asyncio.ensure_future(one.report())
        await asyncio.sleep(0)
        await one.close()
        await asyncio.wait([waiting])
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1


def test_the_worst_outcome_is_the_status():
    well = Outcome("a", True, True, 0.0)
    odd = Outcome("b", False, False, 0.0)
    bad = Outcome("c", False, True, 0.0)

    assert Report((well,)).status == "ok"
    assert Report((well, odd)).status == "degraded"
    assert Report((well, odd, bad)).status == "failing"
