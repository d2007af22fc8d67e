"""CPU time per request of a server's whole process tree, in interleaved rounds.

In each round all targets are started, checked, and then driven one after the other, workload by
workload, so that neighbours' noise falls on all of them; odd rounds go in reverse order.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.correctness import check
from benchmarks.load import HEADER_SETS, WORKLOADS, Load, LoadError, Workload, drive
from benchmarks.server import Server, StartError, serving
from benchmarks.targets import Target


@dataclass(frozen=True)
class Plan:
    """How to measure. Whole seconds, because `wrk` knows no others."""

    rounds: int = 3
    seconds: int = 2
    warmup: int = 1
    workloads: tuple[str, ...] = tuple(WORKLOADS)
    headers: tuple[str, ...] = HEADER_SETS
    server_cpu: int = 0
    load_cpu: int = 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One window: CPU and latencies in microseconds, rate per second, memory in MB."""

    target: str
    workload: str
    headers: str
    round: int
    cpu: float
    rate: float
    p50: float
    p99: float
    memory: float


@dataclass(slots=True)
class Measurements:
    """All windows of a run, and what could not be measured: "target workload" → why."""

    samples: list[Sample] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


def process_tree(session: int) -> list[int]:
    """The ids of the live processes of a session, which a target's processes share."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(entry.name))
    return sorted(found)


def cpu_seconds(processes: Iterable[int]) -> float:
    """User and system time spent so far, with the scheduler's nanosecond resolution.

    Raises `OSError` when a process has ended.
    """
    # Linux builds a process's CPU clock id from its pid; /proc/PID/stat counts in 10 ms ticks.
    return sum(time.clock_gettime((~process << 3) | 2) for process in processes)


def memory_mb(processes: Iterable[int]) -> float:
    """Resident memory; pages shared between the processes count once (PSS)."""
    total = 0
    for process in processes:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


def measure(targets: Iterable[Target], plan: Plan) -> Measurements:
    """Runs the plan and prints each window."""
    result = Measurements()
    for number in range(plan.rounds):
        with ExitStack() as stack:
            servers = _start(targets, plan, result, stack)
            if number % 2:
                servers.reverse()
            _run_round(servers, plan, number, result)
    return result


def _start(
    targets: Iterable[Target], plan: Plan, result: Measurements, stack: ExitStack
) -> list[Server]:
    servers = []
    for target in targets:
        try:
            server = stack.enter_context(serving(target, plan.server_cpu))
        except StartError as error:
            _fail(result, target.name, str(error))
            continue
        servers.append(server)
        for workload in plan.workloads:
            if fault := check(server, workload):
                _fail(result, f"{target.name} {workload}", fault)
    return servers


def _run_round(servers: list[Server], plan: Plan, number: int, result: Measurements) -> None:
    for name in plan.workloads:
        for headers in plan.headers:
            for server in servers:
                key = f"{server.target.name} {name}"
                if key in result.failures:
                    continue
                try:
                    sample = measure_window(server, WORKLOADS[name], headers, number, plan)
                except (LoadError, OSError) as error:
                    _fail(result, key, str(error))
                    continue
                result.samples.append(sample)
                print(
                    f"round {number + 1} {sample.target:22} {name} {headers:8}"
                    f"{sample.cpu:8.2f} µs {sample.rate:9,.0f}/s p99 {sample.p99 / 1000:7.2f} ms",
                    flush=True,
                )


def measure_window(
    server: Server, workload: Workload, headers: str, number: int, plan: Plan
) -> Sample:
    """Warms the server up, then measures one window; raises `LoadError`."""
    if plan.warmup:
        drive(server.port, workload, headers, seconds=plan.warmup, cpu=plan.load_cpu)
    processes = process_tree(server.session)
    before = cpu_seconds(processes)
    load: Load = drive(server.port, workload, headers, seconds=plan.seconds, cpu=plan.load_cpu)
    if process_tree(server.session) != processes:
        raise LoadError("a server process ended or started within the window")
    return Sample(
        target=server.target.name,
        workload=workload.name,
        headers=headers,
        round=number,
        cpu=(cpu_seconds(processes) - before) / load.requests * 1e6,
        rate=load.requests / load.seconds,
        p50=load.p50,
        p99=load.p99,
        memory=memory_mb(processes),
    )


def _fail(result: Measurements, key: str, reason: str) -> None:
    if key not in result.failures:
        print(f"FAILED {key}: {reason}", flush=True)
    result.failures.setdefault(key, reason)
