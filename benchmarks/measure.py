"""CPU time per request of a server's whole process tree, in interleaved rounds.

In each round all targets are started, checked, and then driven one after the other, workload by
workload, so that neighbours' noise falls on all of them; every other round goes backwards.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.correctness import check
from benchmarks.load import HEADER_SETS, MICRO, WORKLOADS, LoadError, Workload, drive
from benchmarks.results import Run, Sample
from benchmarks.server import Server, StartError, serving
from benchmarks.targets import Target


@dataclass(frozen=True)
class Plan:
    """How to measure. Whole seconds, because `wrk` knows no others."""

    rounds: int = 3
    seconds: int = 2
    warmup: int = 1  # before the first header set of each workload
    workloads: tuple[str, ...] = MICRO
    headers: tuple[str, ...] = HEADER_SETS
    server_cpu: int = 0
    load_cpu: int = 1


def process_tree(session: int) -> list[int]:
    """The ids of the live processes of a session, which a target's processes share."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, owner = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it ended while we looked
        if int(owner) == session and state != "Z":
            found.append(int(entry.name))
    return sorted(found)


def cpu_seconds(processes: Iterable[int]) -> float:
    """User and system time spent so far, with the scheduler's nanosecond resolution.

    Raises `OSError` when a process has ended.
    """
    # Linux derives a process's CPU clock id from its pid; /proc/PID/stat counts in 10 ms ticks.
    return sum(time.clock_gettime((~process << 3) | 2) for process in processes)


def memory_mb(processes: Iterable[int]) -> float:
    """Resident memory; pages shared between the processes count once (PSS)."""
    return _rollup(processes, "Pss")


def resident_mb(processes: Iterable[int]) -> float:
    """Resident memory of each process, whoever shares it (RSS)."""
    return _rollup(processes, "Rss")


def _rollup(processes: Iterable[int], field: str) -> float:
    rollups = (Path(f"/proc/{process}/smaps_rollup").read_text() for process in processes)
    return sum(int(text.partition(f"\n{field}:")[2].split()[0]) for text in rollups) / 1024


def measure(run: Run, targets: Iterable[Target], plan: Plan) -> Run:
    """Carries the plan out, prints each window, and returns the run with its samples."""
    for number in range(plan.rounds):
        with ExitStack() as stack:
            servers = _start(run, targets, plan, stack)
            if number % 2:
                servers.reverse()
            for name in plan.workloads:
                for headers in plan.headers:
                    warmup = plan.warmup if headers == plan.headers[0] else 0
                    step = replace(plan, warmup=warmup)
                    for server in servers:
                        _measure(run, server, number, WORKLOADS[name], headers, step)
    return run


def _start(run: Run, targets: Iterable[Target], plan: Plan, stack: ExitStack) -> list[Server]:
    servers = []
    for target in targets:
        try:
            server = stack.enter_context(serving(target, plan.server_cpu))
        except StartError as error:
            run.fail(target.name, str(error))
            continue
        servers.append(server)
        for workload in plan.workloads:
            if fault := check(server, workload):
                run.fail(f"{target.name} {workload}", fault)
    return servers


def _measure(
    run: Run, server: Server, number: int, workload: Workload, headers: str, plan: Plan
) -> None:
    key = f"{server.target.name} {workload.name}"
    if key in run.failures:
        return
    try:
        values = measure_window(server, workload, headers, plan)
    except (LoadError, OSError) as error:
        run.fail(key, str(error))
        return
    run.samples.append(Sample(server.target.name, workload.name, headers, number, values))
    shown = "".join(f"{value:12,.2f} {name}" for name, value in values.items())
    print(f"round {number + 1}  {key:26} {headers:8}{shown}", flush=True)


def measure_window(
    server: Server, workload: Workload, headers: str, plan: Plan
) -> dict[str, float]:
    """Warms the server up, then measures one window; raises `LoadError`."""
    cookie = server.fetch("GET", workload.login).cookies if workload.login else ""
    send = partial(drive, server.port, workload, headers, cpu=plan.load_cpu, cookie=cookie)
    if plan.warmup:
        send(seconds=plan.warmup)
    processes = process_tree(server.session)
    before = cpu_seconds(processes)
    load = send(seconds=plan.seconds)
    if process_tree(server.session) != processes:
        raise LoadError("a server process ended or started within the window")
    return {
        "CPU µs": (cpu_seconds(processes) - before) / load.requests * 1e6,
        "req/s": load.requests / load.seconds,
        "p50 ms": load.p50 / 1000,
        "p99 ms": load.p99 / 1000,
        "MB": memory_mb(processes),
    }
