"""The figures of several processes as one: each leaves its own in a folder, and reads the others'.

A process holds a lock on a file of its own for as long as it lives. What one leaves that has ended,
killed ones included, is added to the totals, so that nothing that is counted ever falls. A gauge is
that of the living.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path

import msgspec

from gambrel.observability.metrics.kinds import Gauge, Histogram, Key, Metric, Value

__all__ = ["SharedFigures"]

Series = list[tuple[Key, float | list[float]]]
Snapshot = dict[str, Series]
"""The series of each metric by its name: numbers, or the counts of a histogram."""
_decode = msgspec.json.Decoder(dict[str, list[tuple[tuple[str, ...], float | list[float]]]]).decode
_encode = msgspec.json.Encoder().encode


class SharedFigures:
    """What one process adds to the figures in `folder`, and what all of them come to.

    Raises:
        OSError: The folder cannot be written.
    """

    def __init__(self, folder: Path, metrics: Iterable[Metric]) -> None:
        self.folder = folder
        self.metrics = list(metrics)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.name = f"{os.getpid()}-{os.urandom(4).hex()}"
        self.written = b""
        self.life = os.open(folder / f"{self.name}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self.life, fcntl.LOCK_EX)

    def write(self) -> Snapshot:
        """Leave this process's figures for the others, and return them."""
        own = snapshot_of(self.metrics)
        now = _encode(own)
        if now != self.written:
            replace(self.folder / f"{self.name}.json", now)
            self.written = now
        return own

    def close(self) -> None:
        """Leave the last ones; whoever reads next adds them to the totals."""
        self.write()
        os.close(self.life)

    def merged(self, own: Snapshot) -> list[Metric]:
        """Return the metrics with the figures of all processes; `own` are this one's.

        They have been left before: another that is asked next must not show less of them.
        """
        with self.alone():
            totals = self.totals()
            others = [load(self.file_of(lock)) for lock in self.locks() if lock.stem != self.name]
        return [together(metric, own, totals, others) for metric in self.metrics]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from the folder for a moment."""
        descriptor = os.open(self.folder / "all", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def locks(self) -> list[Path]:
        """Return the files that processes hold, or have held."""
        return sorted(self.folder.glob("*.lock"))

    def file_of(self, lock: Path) -> Path:
        """Return the figures of a process."""
        return lock.with_suffix(".json")

    def totals(self) -> Snapshot:
        """Return what processes have counted that have ended, with what is new of that."""
        file = self.folder / "totals"
        found = load(file)
        ended = [lock for lock in self.locks() if lock.stem != self.name and is_free(lock)]
        for lock in ended:
            for name, series in load(self.file_of(lock)).items():
                found[name] = added(found.get(name, []), series)
        if ended:
            replace(file, _encode(found))
        for lock in ended:
            self.file_of(lock).unlink(missing_ok=True)
            lock.unlink(missing_ok=True)
        return found


def snapshot_of(metrics: Iterable[Metric]) -> Snapshot:
    """Return the figures of metrics."""
    found: Snapshot = {}
    for metric in metrics:
        if isinstance(metric, Histogram):
            found[metric.name] = list(metric.counts.items())
        elif isinstance(metric, Value):
            found[metric.name] = [(key, value) for _, _, key, value in metric.samples()]
    return found


def together(metric: Metric, own: Snapshot, totals: Snapshot, others: Iterable[Snapshot]) -> Metric:
    """Return a metric with its own figures and those of others."""
    merged = copy(metric)
    series = own.get(metric.name, [])
    for other in others:
        series = added(series, other.get(metric.name, []), getattr(metric, "across", "sum"))
    if not isinstance(metric, Gauge):
        series = added(series, totals.get(metric.name, []))
    if isinstance(merged, Histogram):
        size = len(merged.bounds) + 2
        merged.counts = {
            key: list(value)
            for key, value in series
            if isinstance(value, list) and len(value) == size
        }
    elif isinstance(merged, Value):
        merged.read = None
        merged.values = {key: value for key, value in series if not isinstance(value, list)}
    return merged


def added(some: Series, more: Series, across: str = "sum") -> Series:
    """Return series by their labels, added up; or the least or largest of each."""
    found = dict(some)
    for key, value in more:
        known = found.get(key)
        if known is None:
            found[key] = value
        elif isinstance(known, list) and isinstance(value, list):
            found[key] = [one + other for one, other in zip(known, value, strict=False)]
        elif not isinstance(known, list) and not isinstance(value, list):
            found[key] = {"sum": known + value, "min": min(known, value)}.get(
                across, max(known, value)
            )
    return list(found.items())


def is_free(lock: Path) -> bool:
    """Whether the process that held a lock has ended."""
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def load(file: Path) -> Snapshot:
    """Return the figures in a file; none where there is no such file, or it makes no sense."""
    with suppress(OSError, msgspec.MsgspecError):
        found: Snapshot = _decode(file.read_bytes())
        return found
    return {}


def replace(file: Path, content: bytes) -> None:
    """Write a file in one step."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(file)
