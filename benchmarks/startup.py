"""From the start of the process to its first 200, and the memory it then holds."""

from __future__ import annotations

import time
from collections.abc import Iterable

from benchmarks.measure import cpu_seconds, memory_mb, process_tree, resident_mb
from benchmarks.results import Run, Sample
from benchmarks.server import StartError, launched
from benchmarks.targets import Target


def measure_starts(run: Run, targets: Iterable[Target], rounds: int, cpu: int) -> Run:
    """Starts every target once per round; an uncounted first start writes the bytecode."""
    for number in range(-1, rounds):
        for target in targets:
            if target.name in run.failures:
                continue
            try:
                values = _start(target, cpu)
            except (StartError, OSError) as error:
                run.fail(target.name, str(error))
                continue
            if number >= 0:
                run.samples.append(Sample(target.name, "start", "", number, values))
                shown = "".join(f"{value:10,.1f} {name}" for name, value in values.items())
                print(f"start {number + 1}  {target.name:22}{shown}", flush=True)
    return run


def _start(target: Target, cpu: int) -> dict[str, float]:
    begin = time.perf_counter()
    with launched(target, cpu) as server:
        server.wait()
        wall = time.perf_counter() - begin
        processes = process_tree(server.session)
        spent = cpu_seconds(processes)
        return {
            "CPU ms": spent * 1000,
            "wall ms": wall * 1000,
            "MB": memory_mb(processes),
            "RSS MB": resident_mb(processes),
        }
