"""Checks: what is wrong with an app, told before it serves. Run by `gambrel check` and at start.

A check is a function from the app to problems. Nothing here knows an app: the core and the
extensions bring their checks.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from msgspec import Struct

__all__ = ["Check", "CheckFunction", "Level", "Problem", "audible", "run_checks"]


class Level(IntEnum):
    """How bad a problem is: an ERROR keeps the app from starting."""

    INFO = 10
    WARNING = 20
    ERROR = 30


class Problem(Struct, frozen=True):
    """One thing wrong: a stable id, what it is, what to type, and where it was declared."""

    id: str
    message: str
    hint: str = ""
    where: str = ""
    level: Level = Level.ERROR

    def __str__(self) -> str:
        """Return up to three lines, as `GambrelError` does."""
        lines = [f"[{self.id}] {self.level.name.lower()}: {self.message}"]
        lines += [f"  where: {self.where}"] if self.where else []
        lines += [f"  hint: {self.hint}"] if self.hint else []
        return "\n".join(lines)


CheckFunction = Callable[[Any], Iterable[Problem]]


class Check(Struct, frozen=True):
    """A function from the app to its problems.

    With `deploy` it is only asked before a deployment; without `start` no start waits for it.
    """

    run: CheckFunction
    deploy: bool = False
    start: bool = True


def run_checks(
    checks: Iterable[Check],
    app: Any,
    *,
    deploy: bool = False,
    start: bool = False,
    silenced: Iterable[str] = (),
) -> list[Problem]:
    """Return the problems of an app, worst first; a check that fails is a problem itself.

    What several checks find is told once. `start` asks only what a start waits for. Ids in
    `silenced` are left out, but for errors.
    """
    asked = [c for c in checks if (deploy or not c.deploy) and (c.start or not start)]
    found = list(dict.fromkeys(problem for check in asked for problem in _run(check, app)))
    return sorted(audible(found, silenced), key=lambda problem: (-problem.level, problem.id))


def audible(problems: Iterable[Problem], silenced: Iterable[str]) -> list[Problem]:
    """Return the problems without those whose ids are silenced; an error always stays."""
    quiet = frozenset(silenced)
    return [p for p in problems if p.level is Level.ERROR or p.id not in quiet]


def _run(check: Check, app: Any) -> list[Problem]:
    try:
        return list(check.run(app))
    except Exception as error:  # one broken check must not hide what the others say
        name = getattr(check.run, "__qualname__", repr(check.run))
        return [Problem("check.failed", f"the check {name} failed: {type(error).__name__}", name)]
