"""Figures of a database: connections and statements. Who shows metrics finds them at a Point.

Nothing is counted until somebody asks for the first time; connections are read when they are asked
for.
"""

from collections.abc import Iterator
from typing import Any

from gambrel.db.connections.engines import Engines
from gambrel.db.watching import Statement, Watch
from gambrel.telemetry import Figure

__all__ = ["Counts", "figures_of"]


class Counts:
    """What has been asked of a database, from the first time that somebody wants to know."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.has_begun = False
        self.statements = 0
        self.seconds = 0.0
        self.failed = 0
        self.slow = 0

    def hear(self, statement: Statement) -> None:
        """Count a statement."""
        self.statements += 1
        self.seconds += statement.seconds
        self.failed += statement.error is not None
        self.slow += 0 < self.watch.slow <= statement.seconds

    def read(self, name: str) -> float:
        """Return a number, and count from now on."""
        if not self.has_begun:
            self.has_begun = True
            self.watch.hearers.append(self.hear)
        found: float = getattr(self, name)
        return found


def in_use(engines: Engines) -> int:
    """Return how many connections somebody holds."""
    return sum(pool.checkedout() for pool in engines.pools)  # type: ignore[attr-defined]  # QueuePool


def waiting(engines: Engines) -> int:
    """Return how many coroutines wait for a connection."""
    return sum(waiting_for(pool) for pool in engines.pools)


def waiting_for(pool: Any) -> int:
    """Return the same of one pool: it is read where it stands, so that waiting costs nothing."""
    line = getattr(pool._pool, "waiting", ())  # noqa: SLF001 - a `Line`, but for threads
    return sum(not turn.done() for turn in line)


def figures_of(database: Any) -> Iterator[Figure]:
    """Yield the figures of a `Database`; those of one with a name begin with it."""
    name, counts = database.name, Counts(database.watch)
    connections, statements = f"{name}_connections", f"{name}_statement"
    yield Figure(f"{connections}_in_use", "Connections in use.", lambda: in_use(database.engines))
    yield Figure(
        f"{connections}_waiting",
        "Coroutines that wait for a connection.",
        lambda: waiting(database.engines),
    )
    for suffix, told, what in (
        ("s_total", "Statements run.", "statements"),
        ("s_failed_total", "Statements that have failed.", "failed"),
        ("s_slow_total", "Statements slower than the setting `slow`.", "slow"),
        ("_seconds_total", "Time of all statements.", "seconds"),
    ):
        read = lambda what=what: counts.read(what)  # noqa: E731
        yield Figure(f"{statements}{suffix}", told, read, "counter")
