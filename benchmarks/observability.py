"""What log, metrics and traces add to a request: one app with and without them."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.measure import Plan, measure
from benchmarks.results import Run
from benchmarks.targets import OBSERVED, Target

REFERENCE = OBSERVED.name
VARIANTS = {
    "AccessLog()": "access-log",
    "Metrics()": "metrics",
    "AccessLog(), Metrics()": "access-log metrics",
    "Tracing(sample=0)": "tracing",
    "Tracing(sample=1)": "sampled",
}


def observed_targets() -> list[Target]:
    """The app with nothing, with each, with two, and with the server's own access log."""
    found = [
        replace(OBSERVED, name=f"{REFERENCE}@{name}", variables={"BENCH_OBSERVED": used})
        for name, used in VARIANTS.items()
    ]
    command = (*OBSERVED.command, "--access-log")
    return [OBSERVED, *found, replace(OBSERVED, name=f"{REFERENCE}@--access-log", command=command)]


def measure_observability(run: Run, plan: Plan) -> Run:
    """Measures JSON (W2) beside each of them."""
    return measure(run, observed_targets(), replace(plan, workloads=("W2",)))
