"""What log, metrics and traces add to a request: one app with and without them.

On the wire, and without a network in a process that is asked over and over (`inside`), where there
is less noise, and where what is used again and again is always at hand.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from benchmarks.measure import Plan, measure
from benchmarks.results import Run, Sample
from benchmarks.targets import APPS, OBSERVED, VENVS, Target

REQUESTS = 20_000
"""Requests of one turn, so short that turns take place side by side."""
TURNS = 5
"""Turns for each second that a window would have on the wire."""
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


def measure_inside(run: Run, plan: Plan) -> Run:
    """Measures JSON (W2) without a network: variants take turns, each in a process of its own."""
    chosen = {REFERENCE: ""} | {f"{REFERENCE}@{name}": used for name, used in VARIANTS.items()}
    with ExitStack() as stack:
        loops = {name: stack.enter_context(_asking(used)) for name, used in chosen.items()}
        for loop in loops.values():
            _turn(loop)  # warm
        for number in range(plan.rounds * plan.seconds * TURNS):
            for name, loop in loops.items():
                values = {"CPU µs": _turn(loop)}
                run.samples.append(Sample(name, "W2", "2", number, values))
    return run


@contextmanager
def _asking(used: str) -> Iterator[subprocess.Popen[str]]:
    """Keeps a process that asks its own app; ends it with its input."""
    python = VENVS / OBSERVED.environment / "bin" / "python"
    with subprocess.Popen(
        [str(python), "observed_loop.py"],
        cwd=APPS,
        env={**os.environ, "BENCH_OBSERVED": used},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as loop:
        _line(loop)
        yield loop
        loop.communicate()


def _turn(loop: subprocess.Popen[str]) -> float:
    """CPU microseconds for each of many requests."""
    assert loop.stdin is not None
    loop.stdin.write(f"{REQUESTS}\n")
    loop.stdin.flush()
    return float(_line(loop))


def _line(loop: subprocess.Popen[str]) -> str:
    assert loop.stdout is not None
    line = loop.stdout.readline()
    if not line:
        raise SystemExit("the app of observed_loop.py has ended: see above")
    return line
