"""Turns runs into Markdown: tables of medians and of paired ratios with their intervals.

Ratios of the tables are target / reference (above 1: the reference is cheaper), those of the goals
Gambrel / other. Nothing of the machine but its make is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from benchmarks.database_goals import database_rows
from benchmarks.goals import ratio_rows, start_rows
from benchmarks.load import MICRO, WORKLOADS
from benchmarks.ratios import differences, pairs, show
from benchmarks.results import Run, Sample
from benchmarks.setup import Environment

TITLES = {
    "page": "A whole page",
    "compare": "Head to head",
    "database": "Rows of a database",
    "table": "All servers",
    "startup": "Start to first response",
    "scaling": "1,000 routes against 10",
    "sockets": "WebSockets",
    "observability": "Access log, metrics, traces",
    "inside": "Access log, metrics, traces, without a network",
}
KINDS = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
SOCKET_TITLES = {
    "echo": "64 bytes of text there and back, 50 connections",
    "idle": "an open connection that says nothing, of 2,000",
    "broadcast": "one message to 10,000 connections",
}
NOTES = {
    "page": """A signed session cookie, one row of SQLite by its id, a template with ten rows;
and a table of fifty rows and nothing else. As they are behind a browser's headers. Latencies
and memory are those under the load of 64 connections. The goal for the table is a
fifth of Flask's and of Django's cost; what it takes to make it, without a server,
`python -m benchmarks.rendering` tells.""",
    "database": """TechEmpower's six workloads as endpoints, behind a browser's headers, on 10,000
rows, and records of SQLite: one created with a commit, a page of thirty with the number of all.
`gambrel-fast` are compiled statements, `gambrel-orm` sessions with models, `by-hand` is our server
with the driver by hand and the same rules for connections and transactions
(`benchmarks/apps/database/by_hand_*.py`). Ten connections at most. The CPU is that of the
app, not of PostgreSQL, which runs on the same two cores: requests per second understate.""",
    "observability": """One app with and without them; the lines of `AccessLog()` go to the null
device, those of `--access-log` to a file. What a thread does to write them is counted. Spans are
made, and sent nowhere.""",
    "inside": """The same app asked within its own process, by 64 connections in turns; variants do
so, too. What a thread does to write lines is counted.""",
}
HEAD = """# Benchmarks

CPU time per request of the server's whole process tree; ratios are medians of rounds measured
side by side, with their bootstrap 95 % interval. One worker on one CPU, `wrk` with 64 connections
on another. Ratios travel between machines better than microseconds do, and both better than
requests per second. `python -m benchmarks` measures all of it again; the method is in
`benchmarks/README.md`.
"""


def render(run: Run) -> str:
    """The run as one Markdown section."""
    command = f"python -m benchmarks {run.kind}"
    parts = [f"## {TITLES[run.kind]}", *filter(None, [NOTES.get(run.kind)])]
    parts.append(f"Measured {run.date} with `{command}`.")
    groups = _grouped(run.samples)
    if run.kind in ("observability", "inside"):
        parts += [_added(run, headers) for headers in dict.fromkeys(h for h, _ in groups)]
    if run.kind == "database":
        parts.append(_table(["on", "what", "goal", "measured", "rounds"], database_rows(run)))
    if run.kind in ("table", "compare", "database"):
        parts += [_overview(run, headers) for headers in dict.fromkeys(h for h, _ in groups)]
    parts += [_details(run, *key) for key in groups]
    if run.failures:
        parts.append("Not measured:")
        parts.append("\n".join(f"- {name}: {why}" for name, why in run.failures.items()))
    return "\n\n".join(parts) + "\n"


def render_page(runs: Sequence[Run]) -> str:
    """The runs as the page of the documentation: the whole page first, then the goals."""
    machine = "\n".join(f"- {name}: {value}" for name, value in runs[-1].machine.items())
    environments: dict[str, Environment] = {}
    for run in runs:
        environments.update(run.environments)
    first = [run for run in runs if run.kind == "page"]
    sections = [
        f"## Machine\n\n{machine}\n",
        *map(render, first),
        _goals({run.kind: run for run in runs}),
        *(render(run) for run in runs if run not in first),
        _versions(environments),
    ]
    return "\n".join([HEAD, *sections])


def _goals(runs: Mapping[str, Run]) -> str:
    parts = ["## Goals", "Ratios of CPU per request, median and 95 % interval."]
    columns = ["Gambrel", "goal", "headers", *MICRO, "rounds", "command"]
    parts.append(_table(columns, ratio_rows(runs)))
    if "startup" in runs:
        parts.append("From the start to the first response, beside the leanest peer:")
        columns = ["", "goal", "measured", "rounds", "", "command"]
        parts.append(_table(columns, start_rows(runs["startup"])))
    return "\n\n".join(parts) + "\n"


def _grouped(samples: Iterable[Sample]) -> dict[tuple[str, str], dict[str, list[Sample]]]:
    groups: dict[tuple[str, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        groups[sample.headers, sample.workload][sample.target].append(sample)
    return dict(sorted(groups.items()))


def _ratio(run: Run, name: str, targets: dict[str, list[Sample]]) -> str:
    # A reference like "@10" is each target's own variant.
    own = run.reference.startswith("@")
    reference = name.partition("@")[0] + run.reference if own else run.reference
    return "1" if name == reference else show(pairs(targets[name], targets.get(reference, ())))


def _overview(run: Run, headers: str) -> str:
    groups = {key[1]: found for key, found in _grouped(run.samples).items() if key[0] == headers}
    names = dict.fromkeys(name for targets in groups.values() for name in targets)
    absent = "" if run.kind == "database" else "failed"
    rows = [
        [name, *(_ratio(run, name, t) if name in t else absent for t in groups.values())]
        for name in names
    ]
    title = f"### CPU per request relative to {run.reference}: {_describe(headers)}"
    return f"{title}\n\n{_table(['server', *groups], rows)}"


def _added(run: Run, headers: str) -> str:
    targets = _grouped(run.samples)[headers, "W2"]
    bare = targets.get(run.reference, [])
    rows = [
        [name.partition("@")[2], show(differences(found, bare)), str(len(found))]
        for name, found in targets.items()
        if name != run.reference
    ]
    title = f"### CPU µs added to a JSON request: {_describe(headers)}"
    return f"{title}\n\n{_table(['with', 'CPU µs more', 'rounds'], rows)}"


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
    if workload in SOCKET_TITLES:
        return f"### {SOCKET_TITLES[workload]}\n\n{_table(columns, rows)}"
    if workload not in WORKLOADS:
        return _table(columns, rows)
    title = f"### {workload}, {WORKLOADS[workload].title}: {_describe(headers)}"
    return f"{title}\n\n{_table(columns, rows)}"


def _describe(headers: str) -> str:
    if headers in KINDS:
        return f"on {KINDS[headers]}"
    counts = {"1": "1 request header", "2": "2 request headers", "10": "10 request headers"}
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
