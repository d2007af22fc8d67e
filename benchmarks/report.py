"""Turns runs into Markdown: tables of medians and of paired ratios with their intervals.

Every ratio is target / reference within one round (above 1: the reference is cheaper), so noise
that lasts longer than a round cancels out. Nothing of the machine but its make is named.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.load import WORKLOADS
from benchmarks.results import Run, Sample
from benchmarks.setup import Environment

RESAMPLES = 4000
TITLES = {
    "table": "All servers",
    "compare": "Head to head",
    "scaling": "1,000 routes against 10",
    "startup": "Start to first response",
}
HEAD = """# Benchmarks

CPU time per request of the server's whole process tree; ratios are medians of rounds measured
side by side, with their bootstrap 95 % interval. One worker on one CPU, `wrk` with 64 connections
on another. Ratios travel between machines better than microseconds do, and both better than
requests per second. `python -m benchmarks` measures all of it again; the method is in
`benchmarks/README.md`.
"""


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """The bootstrap 95 % interval of the median, always the same for the same ratios."""
    chance = random.Random(0)
    medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return medians[RESAMPLES // 40], medians[-RESAMPLES // 40 - 1]


def render(run: Run) -> str:
    """The run as one Markdown section."""
    parts = [f"## {TITLES[run.kind]}", f"Measured {run.date}."]
    groups = _grouped(run.samples)
    if run.kind in ("table", "compare"):
        parts += [_overview(run, headers) for headers in dict.fromkeys(h for h, _ in groups)]
    parts += [_details(run, *key) for key in groups]
    if run.failures:
        parts.append("Not measured:")
        parts.append("\n".join(f"- {name}: {why}" for name, why in run.failures.items()))
    return "\n\n".join(parts) + "\n"


def render_page(runs: Sequence[Run]) -> str:
    """The runs as the page of the documentation."""
    machine = "\n".join(f"- {name}: {value}" for name, value in runs[-1].machine.items())
    environments: dict[str, Environment] = {}
    for run in runs:
        environments.update(run.environments)
    parts = [HEAD, f"## Machine\n\n{machine}\n", *map(render, runs), _versions(environments)]
    return "\n".join(parts)


def _grouped(samples: Iterable[Sample]) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    groups: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        groups[sample.headers, sample.workload][sample.target].append(sample)
    return dict(sorted(groups.items()))


def _ratio(run: Run, name: str, targets: dict[str, list[Sample]]) -> str:
    # A reference like "@10" is each target's own variant.
    own = run.reference.startswith("@")
    reference = name.partition("@")[0] + run.reference if own else run.reference
    base = {sample.round: sample.cost for sample in targets.get(reference, ())}
    found = [s.cost / base[s.round] for s in targets[name] if s.round in base]
    if len(found) < 2 or name == reference:
        return f"{median(found):.2f}" if found else "?"
    low, high = interval(found)
    return f"{median(found):.2f} [{low:.2f}, {high:.2f}]"


def _overview(run: Run, headers: str) -> str:
    groups = {key[1]: found for key, found in _grouped(run.samples).items() if key[0] == headers}
    names = dict.fromkeys(name for targets in groups.values() for name in targets)
    rows = [
        [name, *(_ratio(run, name, t) if name in t else "failed" for t in groups.values())]
        for name in names
    ]
    title = f"### CPU per request relative to {run.reference}: {_describe(headers)}"
    return f"{title}\n\n{_table(['server', *groups], rows)}"


def _details(run: Run, headers: str, workload: str) -> str:
    targets = _grouped(run.samples)[headers, workload]
    columns: list[str] = []
    rows = []
    for name, found in sorted(targets.items(), key=lambda item: median(s.cost for s in item[1])):
        values = {key: median(s.values[key] for s in found) for key in found[0].values}
        cost, *others = (f"{value:,.{2 if value < 100 else 0}f}" for value in values.values())
        best = f"{min(s.cost for s in found):,.2f}"
        rows.append([name, cost, best, _ratio(run, name, targets), *others, str(len(found))])
        columns = ["server", next(iter(values)), "best", "ratio", *list(values)[1:], "rounds"]
    if workload not in WORKLOADS:
        return _table(columns, rows)
    title = f"### {workload}, {WORKLOADS[workload].title}: {_describe(headers)}"
    return f"{title}\n\n{_table(columns, rows)}"


def _describe(headers: str) -> str:
    counts = {"1": "1 request header", "10": "10 request headers"}
    return counts.get(headers, "10 request headers, one of them new in every request")


def _versions(environments: dict[str, Environment]) -> str:
    rows = []
    for name, found in environments.items():
        python = f"{found['python']} ({'PGO' if found['optimised'] else 'no PGO'})"
        packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
        rows.append([name, python, packages])
    return f"## Versions\n\n{_table(['environment', 'Python', 'packages'], rows)}\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
