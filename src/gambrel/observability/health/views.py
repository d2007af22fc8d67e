"""The three endpoints of health, as handlers; `extension.py` gives them their paths."""

from collections.abc import Callable
from typing import Any

from gambrel.core.http.request import Request
from gambrel.core.http.response import JSON, Response
from gambrel.observability.health.checks import Monitor, Outcome, Report
from gambrel.observability.insiders import Insiders

__all__ = ["HealthViews"]


class HealthViews:
    """Answers probes: 200 or 503, and a status for each check; insiders learn why.

    `monitor` and `is_draining` belong to the app that runs; before it does, nothing is ready.
    """

    def __init__(self, insiders: Insiders) -> None:
        self.insiders = insiders
        self.monitor: Monitor | None = None
        self.is_draining: Callable[[], bool] = bool
        self.has_been_ready = False

    async def live(self) -> Response:
        """The loop runs; nothing else is asked, so that no restart follows another's failure."""
        return answer("ok")

    async def ready(self, request: Request) -> Response:
        """Whether requests are to be sent here: not while stopping, nor without what they need."""
        if self.is_draining():
            return answer("draining")
        return self.told(request, await self.report())

    async def startup(self, request: Request) -> Response:
        """Whether the app was ready once; from then on that is what `ready` is for."""
        if self.has_been_ready:
            return answer("ok")
        return self.told(request, await self.report())

    async def report(self) -> Report | None:
        """Return the last report; None before the start."""
        if self.monitor is None:
            return None
        report = await self.monitor.report()
        self.has_been_ready = self.has_been_ready or report.status != "failing"
        return report

    def told(self, request: Request, report: Report | None) -> Response:
        """Return the answer for a report."""
        if report is None:
            return answer("starting")
        tell = detailed if self.insiders.admits(request) else brief
        return answer(report.status, {one.name: tell(one) for one in report.outcomes})


def answer(status: str, checks: dict[str, Any] | None = None) -> Response:
    """Return a status as a response that nobody keeps."""
    body = {"status": status} if checks is None else {"status": status, "checks": checks}
    return JSON(body, 200 if status in {"ok", "degraded"} else 503, {"cache-control": "no-store"})


def brief(outcome: Outcome) -> str:
    """Return what everybody may know of a check."""
    return "ok" if outcome.is_well else "failing"


def detailed(outcome: Outcome) -> dict[str, Any]:
    """Return all there is to know of it."""
    told = {"critical": outcome.is_critical, "seconds": outcome.seconds}
    detail = {"detail": outcome.detail} if outcome.detail else {}
    return {"status": brief(outcome), **told, **detail}
