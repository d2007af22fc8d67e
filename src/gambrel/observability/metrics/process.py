"""What the system tells of this process, under the names that every client of Prometheus uses."""

import asyncio
import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from gambrel.observability.metrics.kinds import Counter, Gauge, Metric

__all__ = ["process_metrics"]

_STARTED = time.time()


def process_metrics() -> Iterator[Metric]:
    """Yield memory, CPU time, descriptors, threads, tasks, and what is uncollected."""
    yield Counter("process_cpu_seconds_total", "User and system CPU time.", read=time.process_time)
    yield Gauge(
        "process_start_time_seconds",
        "Start, in seconds since 1970.",
        read=lambda: _STARTED,
        across="min",
    )
    yield Gauge("process_threads", "Threads of Python.", read=threading.active_count)
    yield Gauge("python_gc_objects", "Objects that wait for the collector.", read=uncollected)
    yield Gauge("asyncio_tasks", "Tasks of the event loop.", read=lambda: len(asyncio.all_tasks()))
    if Path("/proc/self/statm").exists():
        yield Gauge("process_resident_memory_bytes", "Resident memory.", read=resident)
        yield Gauge("process_open_fds", "Open file descriptors.", read=descriptors)


def uncollected() -> int:
    """Return how many objects the collector counts."""
    return sum(gc.get_count())


def resident() -> int:
    """Return the resident memory in bytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors() -> int:
    """Return how many descriptors are open."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
