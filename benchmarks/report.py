"""Turns the JSON of runs into Markdown: tables of medians and paired ratios with intervals.

Every ratio is target / reference within one round (above 1: the reference is cheaper), so noise
that lasts longer than a round cancels out. Names nothing of the machine but its make.
"""

from __future__ import annotations

import json
import platform
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.load import WORKLOADS
from benchmarks.measure import Sample
from benchmarks.setup import describe_environment
from benchmarks.startup import Start
from benchmarks.targets import RESULTS, TARGETS

RESAMPLES = 4000
SHOWN_PACKAGES = {package for name in TARGETS for package in name.split("-")} | {
    "django-bolt",
    "httptools",
    "msgspec",
    "pydantic",
    "uvloop",
}
TITLES = {
    "table": "All servers",
    "compare": "Head to head",
    "scaling": "1,000 routes against 10 (typed route, W3)",
    "startup": "Start to first response",
}


@dataclass(slots=True)
class Run:
    """One command's results, as kept in results/KIND-DATE.json."""

    kind: str
    reference: str
    samples: list[Sample] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    machine: dict[str, str] = field(default_factory=dict)
    environments: dict[str, Any] = field(default_factory=dict)

    def save(self) -> Path:
        """Adds the machine and the versions of what was measured, and writes the file."""
        self.machine = _machine()
        measured = {row.target for row in self.samples} | {row.target for row in self.starts}
        names = sorted({TARGETS[name.partition("@")[0]].environment for name in measured})
        self.environments = {name: describe_environment(name) for name in names}
        RESULTS.mkdir(exist_ok=True)
        stamp = self.date.removesuffix(" UTC").replace(" ", "-").replace(":", "")
        path = RESULTS / f"{self.kind}-{stamp}.json"
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        return path


def load_run(path: Path) -> Run:
    """Reads a saved run."""
    saved = json.loads(path.read_text())
    saved["samples"] = [Sample(**sample) for sample in saved["samples"]]
    saved["starts"] = [Start(**start) for start in saved["starts"]]
    return Run(**saved)


def latest_runs() -> list[Run]:
    """The newest saved run of each kind."""
    files = {kind: sorted(RESULTS.glob(f"{kind}-*.json")) for kind in TITLES}
    return [load_run(found[-1]) for found in files.values() if found]


def interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The median and its bootstrap 95 % interval (always the same for the same ratios)."""
    chance = random.Random(0)
    medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return median(ratios), medians[RESAMPLES // 40], medians[-RESAMPLES // 40 - 1]


def render(run: Run) -> str:
    """The run as one Markdown section."""
    if run.kind == "startup":
        body = _startup_table(run)
    elif run.kind == "scaling":
        body = _scaling_table(run)
    elif run.kind == "compare":
        body = _comparison(run)
    else:
        body = "\n\n".join(_workload_table(run, *key) for key in _grouped(run.samples))
    lines = [f"## {TITLES[run.kind]}", "", f"Measured {run.date}.", "", body]
    if run.failures:
        faults = [f"- {name}: {' '.join(why.split())}" for name, why in run.failures.items()]
        lines += ["", "Not measured:", "", *faults]
    return "\n".join(lines) + "\n"


def render_page(runs: Sequence[Run]) -> str:
    """The runs as the page of the documentation."""
    head = """# Benchmarks

CPU time per request of the server's whole process tree, in microseconds; ratios are medians of
rounds measured side by side, with their bootstrap 95 % interval. One worker on one CPU, `wrk`
with 64 connections on another. Ratios travel between machines better than microseconds do, and
both better than requests per second. `python -m benchmarks` measures all of it again;
`benchmarks/README.md` explains the method.
"""
    machine = "\n".join(f"- {name}: {value}" for name, value in runs[-1].machine.items())
    environments: dict[str, Any] = {}
    for run in runs:
        environments.update(run.environments)
    parts = [head, f"## Machine\n\n{machine}\n", *map(render, runs), _versions(environments)]
    return "\n".join(parts)


def _machine() -> dict[str, str]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "CPU": f"{len(models)} × {models[0]}" if models else platform.machine(),
        "Kernel": f"{platform.system()} {platform.release()}",
    }


def _grouped(samples: Iterable[Sample]) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    groups: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        groups[sample.headers, sample.workload][sample.target].append(sample)
    return dict(sorted(groups.items()))


def _ratio(rows: Sequence[Sample], reference: Sequence[Sample]) -> str:
    base = {row.round: row.cpu for row in reference}
    ratios = [row.cpu / base[row.round] for row in rows if row.round in base]
    if not ratios:
        return "–"
    middle, low, high = interval(ratios)
    return f"{middle:.2f}" + (f" [{low:.2f}, {high:.2f}]" if len(ratios) > 1 else "")


def _workload_table(run: Run, headers: str, workload: str) -> str:
    targets = _grouped(run.samples)[headers, workload]
    rows = []
    for name, found in sorted(targets.items(), key=lambda item: median(s.cpu for s in item[1])):
        middle = {key: median(getattr(s, key) for s in found) for key in Sample.__slots__[4:]}
        rows.append(
            f"| {name} | {middle['cpu']:.1f} | {min(s.cpu for s in found):.1f} "
            f"| {_ratio(found, targets.get(run.reference, []))} | {middle['rate']:,.0f} "
            f"| {middle['p50'] / 1000:.2f} | {middle['p99'] / 1000:.2f} "
            f"| {middle['memory']:.0f} | {len(found)} |"
        )
    title = f"### {workload}: {WORKLOADS[workload].title}, {headers} request headers"
    columns = f"server | CPU µs | best | × {run.reference} | req/s | p50 ms | p99 ms | MB | rounds"
    return "\n".join([title, "", *_header(columns), *rows])


def _comparison(run: Run) -> str:
    others = list(dict.fromkeys(s.target for s in run.samples if s.target != run.reference))
    rows = []
    for (headers, workload), targets in _grouped(run.samples).items():
        reference = targets.get(run.reference, [])
        for name in others:
            if name in targets and reference:
                ours, theirs = (median(s.cpu for s in r) for r in (reference, targets[name]))
                rows.append(
                    f"| {workload} | {headers} | {name} | {ours:.2f} | {theirs:.2f} "
                    f"| {_ratio(targets[name], reference)} | {len(reference)} |"
                )
    columns = f"workload | headers | peer | {run.reference} µs | peer µs | ratio | rounds"
    return "\n".join([*_header(columns), *rows])


def _scaling_table(run: Run) -> str:
    rows = []
    for targets in _grouped(run.samples).values():
        for name in dict.fromkeys(target.partition("@")[0] for target in targets):
            few, many = targets.get(f"{name}@10", []), targets.get(f"{name}@1000", [])
            if few and many:
                cost = [median(s.cpu for s in rows) for rows in (few, many)]
                rows.append(f"| {name} | {cost[0]:.1f} | {cost[1]:.1f} | {_ratio(many, few)} |")
    return "\n".join([*_header("server | 10 routes µs | 1,000 routes µs | ratio"), *rows])


def _startup_table(run: Run) -> str:
    found: dict[str, list[Start]] = defaultdict(list)
    for start in run.starts:
        found[start.target].append(start)
    rows = []
    for name, starts in sorted(found.items(), key=lambda item: median(s.cpu for s in item[1])):
        cpu, wall, memory = (median(getattr(s, k) for s in starts) for k in Start.__slots__[2:])
        rows.append(f"| {name} | {cpu:.0f} | {wall:.0f} | {memory:.0f} | {len(starts)} |")
    return "\n".join([*_header("server | CPU ms | wall ms | MB | starts"), *rows])


def _versions(environments: Mapping[str, Any]) -> str:
    rows = []
    for name, found in environments.items():
        shown = [f"{p} {v}" for p, v in sorted(found["packages"].items()) if p in SHOWN_PACKAGES]
        python = found["python"] + (" (PGO)" if found["optimised"] else " (no PGO)")
        rows.append(f"| {name} | {python} | {', '.join(shown)} |")
    return "\n".join(["## Versions", "", *_header("environment | Python | packages"), *rows]) + "\n"


def _header(columns: str) -> tuple[str, str]:
    return f"| {columns} |", "|" + "---|" * (columns.count("|") + 1)
