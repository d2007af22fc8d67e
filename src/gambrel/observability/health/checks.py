"""Health checks, and the `Monitor` that runs them: together, each with a time-out, not too often.

Knows no app: how a check is called is given to it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from typing import Any, Literal

from msgspec import Struct

__all__ = ["HealthCheck", "Monitor", "Outcome", "Report"]

Call = Callable[[Callable[..., Any]], Awaitable[Any]]
Status = Literal["ok", "degraded", "failing"]

_log = logging.getLogger("gambrel.health")
_LAST_MOMENT = 1.0


class HealthCheck(Struct, frozen=True):
    """Something an app needs: `run` raises, or returns False, where it does not work.

    `run` is async, or plain and then run in a thread; its parameters are filled as those of any
    dependency. Without a `critical` one the app still answers, `degraded`. `timeout` is in seconds;
    None is that of `Health`.
    """

    name: str
    run: Callable[..., Any]
    critical: bool = True
    timeout: float | None = None


class Outcome(Struct, frozen=True):
    """What one check has found; `detail` says why it failed, and is for insiders."""

    name: str
    is_well: bool
    is_critical: bool
    seconds: float
    detail: str = ""


class Report(Struct, frozen=True):
    """The outcomes of one round."""

    outcomes: tuple[Outcome, ...] = ()

    @property
    def status(self) -> Status:
        """The worst of them: `failing` where a critical one fails, `degraded` where another."""
        failing = [outcome for outcome in self.outcomes if not outcome.is_well]
        if any(outcome.is_critical for outcome in failing):
            return "failing"
        return "degraded" if failing else "ok"


class Monitor:
    """Runs checks side by side, and keeps what they found for `keep` seconds.

    Whoever asks meanwhile shares the round that is under way or was the last. A check that does not
    end, though cancelled, is not started again beside itself. `call` calls a check's `run`.
    """

    def __init__(
        self,
        checks: Iterable[HealthCheck],
        call: Call,
        *,
        keep: float = 1.0,
        timeout: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.checks = tuple(checks)
        self.call = call
        self.keep = keep
        self.timeout = timeout
        self.clock = clock
        self._round: asyncio.Task[Report] | None = None
        self._ended = 0.0
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._failing: set[str] = set()

    async def report(self) -> Report:
        """Return what the checks say; raises nothing."""
        task = self._round
        if task is None or (task.done() and self.clock() - self._ended >= self.keep):
            # In a context of its own: what the first request to ask has set is not for the checks.
            task = self._round = asyncio.create_task(self._run(), context=Context())
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel what is under way, and give it a moment."""
        tasks = {*self._running.values()} | ({self._round} if self._round else set())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_MOMENT)

    async def _run(self) -> Report:
        outcomes = await asyncio.gather(*[self._ask(check) for check in self.checks])
        self._ended = self.clock()
        for outcome in outcomes:
            self._tell(outcome)
        return Report(tuple(outcomes))

    async def _ask(self, check: HealthCheck) -> Outcome:
        started = self.clock()
        timeout = self.timeout if check.timeout is None else check.timeout
        task = self._running.get(check.name)
        if task is None:
            task = self._running[check.name] = asyncio.ensure_future(self._called(check))
            task.add_done_callback(lambda _: self._running.pop(check.name))
        await asyncio.wait([task], timeout=timeout)
        if task.done():
            detail = why(task)
        else:
            detail = f"no answer within {timeout:g} s"
            task.cancel()
        seconds = self.clock() - started
        return Outcome(check.name, not detail, check.critical, round(seconds, 6), detail)

    async def _called(self, check: HealthCheck) -> Any:
        try:
            return await self.call(check.run)
        except SystemExit as error:  # of a task it would end the loop
            raise RuntimeError(f"the check exits: {error}") from error

    def _tell(self, outcome: Outcome) -> None:
        """Log that a check begins or ceases to fail."""
        name = outcome.name
        if not outcome.is_well and name not in self._failing:
            self._failing.add(name)
            _log.warning("the health check %s fails: %s", name, outcome.detail)
        elif outcome.is_well and name in self._failing:
            self._failing.discard(name)
            _log.warning("the health check %s is well again", name)


def why(task: "asyncio.Task[Any]") -> str:
    """Return why a check that has ended found something wrong, or an empty text."""
    if task.cancelled():
        return "cancelled"
    error = task.exception()
    if error is not None:
        return f"{type(error).__name__}: {error}"
    return "returned False" if task.result() is False else ""
