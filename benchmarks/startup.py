"""From the start of the process to its first 200, and the memory it then holds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.measure import cpu_seconds, memory_mb, process_tree
from benchmarks.server import StartError, launched
from benchmarks.targets import Target


@dataclass(frozen=True, slots=True)
class Start:
    """One start: CPU and wall milliseconds to the first 200, memory in MB."""

    target: str
    round: int
    cpu: float
    wall: float
    memory: float


def measure_starts(
    targets: Iterable[Target], rounds: int, cpu: int
) -> tuple[list[Start], dict[str, str]]:
    """Starts every target once per round; an uncounted first start writes the bytecode."""
    starts: list[Start] = []
    failures: dict[str, str] = {}
    for number in range(-1, rounds):
        for target in targets:
            if target.name in failures:
                continue
            try:
                start = _start(target, number, cpu)
            except (StartError, OSError) as error:
                failures[target.name] = str(error)
                print(f"FAILED {target.name}: {error}", flush=True)
                continue
            if number >= 0:
                starts.append(start)
                print(f"{start.target:22} {start.cpu:6.0f} ms {start.memory:6.1f} MB", flush=True)
    return starts, failures


def _start(target: Target, number: int, cpu: int) -> Start:
    begin = time.perf_counter()
    with launched(target, cpu) as server:
        server.wait()
        wall = time.perf_counter() - begin
        processes = process_tree(server.session)
        spent = cpu_seconds(processes)
        return Start(target.name, number, spent * 1000, wall * 1000, memory_mb(processes))
