"""The goals for rows of a database, each with what was measured and whether it is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.goals import verdict
from benchmarks.ratios import pairs, show
from benchmarks.results import Run, Sample

FAST: Final = "gambrel-fast"
ORM: Final = "gambrel-orm"
DJANGO: Final = ("django-granian", "django-gunicorn", "django-bolt")
PEERS: Final = (*DJANGO, "fastapi-sqlalchemy", "flask-sqlalchemy")
TOGETHER: Final = ("queries", "fortunes", "updates")


@dataclass(frozen=True, slots=True)
class Goal:
    """At most `limit` times the CPU per request of each reference, in each workload."""

    target: str
    references: Sequence[str]
    workloads: Sequence[str]
    limit: float


GOALS: Final = (
    Goal(FAST, ("by-hand",), ("row",), 1.25),
    Goal(FAST, (*DJANGO, "fastapi-sqlalchemy"), ("row",), 1 / 8),
    Goal(ORM, DJANGO, ("row",), 1.0),
    Goal(ORM, ("fastapi-sqlalchemy",), ("row",), 0.7),
    Goal(FAST, PEERS, TOGETHER, 1.0),
    Goal(ORM, DJANGO, TOGETHER, 1.0),
)
# Twice what PocketBase publishes, per second on two cores.
RATES: Final = {"create": 2 * 1806, "list": 2 * 1179}


def database_rows(run: Run) -> list[list[str]]:
    """A row for each goal, database, workload and reference that was measured."""
    rows = []
    for kind in dict.fromkeys(sample.headers for sample in run.samples):
        for goal in GOALS:
            for workload in goal.workloads:
                for reference in goal.references:
                    ours, theirs = (
                        _of(run, kind, workload, name) for name in (goal.target, reference)
                    )
                    if ratios := pairs(ours, theirs):
                        what = f"{goal.target} ÷ {reference}, {workload}"
                        told = f"{show(ratios)} {verdict(ratios, goal.limit)}"
                        rows.append([kind, what, f"≤ {goal.limit:g}", told, str(len(ratios))])
        rows += _rates(run, kind)
    return rows


def _rates(run: Run, kind: str) -> list[list[str]]:
    rows = []
    for workload, least in RATES.items():
        for target in (FAST, ORM):
            if found := [s.values["req/s"] for s in _of(run, kind, workload, target)]:
                word = "reached" if median(found) >= least else "not reached"
                what = f"{target}, {workload} per second"
                told = f"{median(found):,.0f} {word}"
                rows.append([kind, what, f"≥ {least:,}", told, str(len(found))])
    return rows


def _of(run: Run, kind: str, workload: str, target: str) -> list[Sample]:
    wanted = (kind, workload, target)
    return [s for s in run.samples if (s.headers, s.workload, s.target) == wanted]
