"""The goals for Gambrel's speed and size, each with what was measured and whether it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.load import MICRO
from benchmarks.ratios import interval, pairs, show
from benchmarks.results import Run, Sample

TABLE = "python -m benchmarks table"
SCALING = "python -m benchmarks scaling gambrel-async"
STARTUP = "python -m benchmarks startup"
COMPARE = "python -m benchmarks compare gambrel-async django-bolt --pairs 15"


@dataclass(frozen=True, slots=True)
class Goal:
    """At most `limit` (or its own in `limits`) times the reference's CPU, in each workload.

    It is read from the first of `kinds` that has measured both.
    """

    title: str
    target: str
    reference: str
    limit: float
    command: str = TABLE
    kinds: Sequence[str] = ("table",)
    workloads: Sequence[str] = MICRO
    header_sets: Sequence[str] = ("1", "10")
    limits: Mapping[str, float] = field(default_factory=dict)


GOALS = (
    Goal(
        "async ÷ django-bolt",
        "gambrel-async",
        "django-bolt",
        1.05,
        COMPARE,
        ("compare", "table"),
        limits={"W3": 1.10},
    ),
    Goal("thread pool ÷ async", "gambrel-pool", "gambrel-async", 1.6),
    Goal("thread pool, async middleware ÷ async", "gambrel-middleware", "gambrel-async", 2.3),
    Goal("inline ÷ async", "gambrel-inline", "gambrel-async", 1.0),
    Goal("async ÷ FastAPI on uvicorn", "gambrel-async", "fastapi-uvicorn", 0.1),
    Goal(
        "async ÷ bare granian RSGI",
        "gambrel-async",
        "raw-granian-rsgi",
        0.7,
        workloads=("W1", "W2"),
    ),
    Goal(
        "1,000 routes ÷ 10",
        "gambrel-async@1000",
        "gambrel-async@10",
        1.05,
        SCALING,
        ("scaling",),
        ("W3",),
        ("1",),
    ),
)
# Of the start: name of the value, the most it may be.
STARTS = (("CPU ms", 120.0), ("RSS MB", 36.0))


def ratio_rows(runs: Mapping[str, Run]) -> list[list[str]]:
    """A row for each goal and header set that was measured; `runs` by their kind."""
    rows = []
    for goal in GOALS:
        for headers in goal.header_sets:
            found = {workload: _ratios(goal, workload, headers, runs) for workload in MICRO}
            rounds = {len(ratios) for ratios in found.values() if ratios}
            if rounds:
                cells = [_judged(goal, *item) for item in found.items()]
                row = [goal.title, _asked(goal), headers, *cells]
                rows.append([*row, str(min(rounds)), f"`{goal.command}`"])
    return rows


def start_rows(run: Run) -> list[list[str]]:
    """For CPU and memory at the start: below the limit, and below every peer?"""
    rows = []
    for value, limit in STARTS:
        found: dict[str, list[float]] = {}
        for sample in run.samples:
            found.setdefault(sample.target, []).append(sample.values[value])
        ours = found.get("gambrel-async")
        peers = {n: median(v) for n, v in found.items() if not n.startswith(("gambrel", "raw"))}
        if not ours or not peers:
            continue
        mine, least = median(ours), min(peers, key=peers.__getitem__)
        asked = ((f"≤ {limit:g}", limit), (f"< {least} ({peers[least]:.1f})", peers[least]))
        for goal, most in asked:
            reached = "reached" if mine <= most else "not reached"
            rows.append([value, goal, f"{mine:.1f}", str(len(ours)), reached, f"`{STARTUP}`"])
    return rows


def verdict(ratios: Sequence[float], limit: float) -> str:
    """Whether the limit is kept; "within noise" when it lies inside the interval."""
    low, high = interval(ratios)
    word = "reached" if median(ratios) <= limit else "not reached"
    return f"{word}, within noise" if low <= limit < high else word


def _asked(goal: Goal) -> str:
    others = "".join(f" ({name} ≤ {limit:g})" for name, limit in goal.limits.items())
    return f"≤ {goal.limit:g}{others}"


def _judged(goal: Goal, workload: str, ratios: Sequence[float]) -> str:
    if not ratios:
        return ""
    return f"{show(ratios)} {verdict(ratios, goal.limits.get(workload, goal.limit))}"


def _ratios(goal: Goal, workload: str, headers: str, runs: Mapping[str, Run]) -> list[float]:
    if workload not in goal.workloads:
        return []
    for kind in goal.kinds:
        if run := runs.get(kind):
            chosen = [s for s in run.samples if (s.workload, s.headers) == (workload, headers)]
            if found := pairs(_of(chosen, goal.target), _of(chosen, goal.reference)):
                return found
    return []


def _of(samples: Iterable[Sample], target: str) -> list[Sample]:
    return [sample for sample in samples if sample.target == target]
