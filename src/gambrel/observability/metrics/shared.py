"""The figures of several processes as one: each leaves its own in a folder, and reads the others'.

A process holds a lock on a file of its own for as long as it lives. What one leaves that has ended,
killed ones included, is added to the totals, so that nothing that is counted ever falls. A gauge is
that of the living.
"""

import fcntl
import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import TypeVar

import msgspec
from msgspec import Struct, field

from gambrel.observability.metrics.figures import (
    Figures,
    Snapshot,
    add_all,
    snapshot_of,
    together,
)
from gambrel.observability.metrics.kinds import Metric

__all__ = ["SharedFigures"]

PATIENCE = 2.0
"""Seconds to wait for a process that holds the folder, which takes milliseconds unless it hangs."""
EVERY = 3_600.0
"""Seconds between two times that the files are touched."""
T = TypeVar("T")
_log = logging.getLogger("gambrel.metrics")


class Totals(Struct):
    """What has been counted by processes that have ended.

    `added` names those whose own files may still be there: whoever wrote this may have been killed
    before it had removed them.
    """

    figures: Snapshot = field(default_factory=dict)
    added: list[str] = field(default_factory=list)


class SharedFigures:
    """What one process adds to the figures in `folder`, and what all of them come to.

    Apps of one process have a folder below that each, in the order they open in.

    Raises:
        OSError: The folder cannot be written, or somebody holds it who does not go on.
    """

    def __init__(
        self, folder: Path, metrics: Iterable[Metric], *, process: int | None = None
    ) -> None:
        process = os.getpid() if process is None else process
        self.metrics = list(metrics)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        places = (folder / str(number) for number in count())
        self.folder = next(place for place in places if is_new(place, process))
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.name = f"{process}-{os.urandom(4).hex()}"
        self.written = b""
        self.has_failed = False
        self.unlike: set[str] = set()
        self.life = -1
        self.touched = monotonic()
        self.begin()

    def begin(self) -> None:
        """Let the others know that this process is there."""
        with self.alone():
            self.life = os.open(self.file(self.name, "lock"), os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(self.life, fcntl.LOCK_EX)

    def keep(self) -> None:
        """See to it that this process is known: somebody may clean the folder.

        Who cleans temporary folders looks for what nobody has touched for days.
        """
        if not self.file(self.name, "lock").exists():
            _log.warning(
                "somebody has cleaned %s: what ended processes have counted is lost", self.folder
            )
            self.release()
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.written = b""
            self.begin()
        elif monotonic() - self.touched > EVERY:
            self.touched = monotonic()
            for file in self.folder.iterdir():
                with suppress(FileNotFoundError):
                    os.utime(file)

    def write(self) -> Snapshot:
        """Leave this process's figures for the others, and return them."""
        try:
            self.keep()
        except OSError as error:
            self.tell(error)
        own = snapshot_of(self.metrics)
        now = msgspec.msgpack.encode(own)
        if now != self.written and self.replace(self.file(self.name, "figures"), now):
            self.written = now
        return own

    def close(self) -> None:
        """Leave the last ones; whoever reads next adds them to the totals."""
        self.write()
        self.release()

    def release(self) -> None:
        """Be no longer there."""
        life, self.life = self.life, -1
        if life >= 0:
            os.close(life)

    def merged(self, own: Snapshot) -> list[Metric]:
        """Return the metrics with the figures of all processes; `own` are this one's.

        They have been left before: another that is asked next must not show less of them.

        Raises:
            OSError: The folder cannot be read, or somebody holds it who does not go on.
        """
        with self.alone():
            ended, living = self.names()
            totals = self.totals(ended).figures
            others = [self.load(self.file(name, "figures"), Snapshot, {}) for name in living]
        self.tell_unlike(own, [totals, *others])
        return [together(metric, own, totals, others) for metric in self.metrics]

    def tell_unlike(self, own: Snapshot, others: Iterable[Snapshot]) -> None:
        """Log, once for each, which metrics are others elsewhere, and so are not added up."""
        for other in others:
            found = {
                name for name in own.keys() & other.keys() if is_unlike(own[name], other[name])
            }
            for name in sorted(found - self.unlike):
                _log.warning(
                    "the metric %s has another kind, labels or bounds in %s, and is not added up: "
                    "an older version of the app, or another app with the same folder",
                    name,
                    self.folder,
                )
            self.unlike |= found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from the folder for a moment. Raises TimeoutError, an OSError."""
        descriptor = os.open(self.folder / "all", os.O_CREAT | os.O_RDONLY, 0o600)
        end = monotonic() + PATIENCE
        try:
            while not is_locked_now(descriptor):
                if monotonic() > end:
                    raise TimeoutError(f"another process holds {self.folder}")
                time.sleep(0.005)
            yield
        finally:
            os.close(descriptor)

    def names(self) -> tuple[list[str], list[str]]:
        """Return the other processes: those that have ended, and those that live."""
        ended: list[str] = []
        living: list[str] = []
        for lock in sorted(self.folder.glob("*.lock")):
            if lock.stem != self.name:
                (ended if is_free(lock) else living).append(lock.stem)
        return ended, living

    def file(self, name: str, kind: str) -> Path:
        """Return a file of a process."""
        return self.folder / f"{name}.{kind}"

    def totals(self, ended: list[str]) -> Totals:
        """Return what processes have counted that have ended, with what is new of that."""
        file = self.folder / "totals"
        totals = self.load(file, Totals, Totals())
        for name in ended:
            if name not in totals.added:
                add_all(totals.figures, self.load(self.file(name, "figures"), Snapshot, {}))
        totals.added = ended
        if ended and self.replace(file, msgspec.msgpack.encode(totals)):
            for name in ended:
                self.file(name, "figures").unlink(missing_ok=True)
                self.file(name, "lock").unlink(missing_ok=True)
        return totals

    def load(self, file: Path, kind: type[T], otherwise: T) -> T:
        """Return what a file holds, or `otherwise` where there is none, or it makes no sense."""
        with suppress(FileNotFoundError, msgspec.MsgspecError):
            return msgspec.msgpack.decode(file.read_bytes(), type=kind)
        return otherwise

    def replace(self, file: Path, content: bytes) -> bool:
        """Write a file in one step, and return whether it was written; told once where it fails."""
        draft = file.with_name(f".{file.name}.{self.name}")
        try:
            draft.write_bytes(content)
            draft.replace(file)
        except OSError as error:
            self.tell(error)
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            return False
        self.has_failed = False
        return True

    def tell(self, error: OSError) -> None:
        """Log what keeps figures from the folder, once until there are some again."""
        if not self.has_failed:
            what = "the figures of this process cannot be left in %s"
            _log.error(what, self.folder, exc_info=error)
        self.has_failed = True


def is_unlike(one: Figures, other: Figures) -> bool:
    """Whether figures cannot be added up."""
    return one.shape != other.shape


def is_new(folder: Path, process: int) -> bool:
    """Whether no app of a process has opened in a folder, and is open."""
    return all(map(is_free, folder.glob(f"{process}-*.lock")))


def is_free(lock: Path) -> bool:
    """Whether the process that held a lock has ended."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return is_locked_now(descriptor)
    finally:
        os.close(descriptor)


def is_locked_now(descriptor: int) -> bool:
    """Lock a file, and return whether that could be done at once."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
