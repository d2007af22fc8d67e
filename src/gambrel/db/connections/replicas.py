"""Replicas: connections to one of several servers, and to the primary where none answers.

`engines.py` makes the engine; this opens its connections. A replica that does not answer is left
alone for a while, and its readers go elsewhere: the app works as long as the primary does.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Engine, event, exc

from gambrel.core.http.errors import GambrelError
from gambrel.db.connections.pools import STANDS_IN
from gambrel.db.connections.urls import Address

__all__ = ["RETRY", "Replicas", "check_replicas"]

RETRY = 10.0
"""Seconds until a replica that did not answer is asked again."""
_log = logging.getLogger("gambrel.db")


class Replicas:
    """Opens the connections of an engine at `addresses` in turn, else at `primary`."""

    def __init__(
        self,
        primary: Address,
        addresses: Sequence[Address],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.primary = primary
        self.addresses = list(addresses)
        self.clock = clock
        self.down: dict[str, float] = {}
        self.turn = 0

    def attach(self, engine: Engine, limits: Callable[[Address], dict[str, Any]]) -> None:
        """Open the connections of an engine that was made for the primary.

        `limits` gives what connections to an address begin with, besides what its URL says.
        """
        event.listen(engine, "do_connect", partial(self.connect, limits))
        event.listen(engine, "checkout", self.check)

    def connect(
        self,
        limits: Callable[[Address], dict[str, Any]],
        dialect: Any,
        record: Any,
        _arguments: Any,
        options: dict[str, Any],
    ) -> Any:
        """Return a connection to a replica; None has the primary asked."""
        _, own = dialect.create_connect_args(self.url_of(self.primary, dialect))
        own |= limits(self.primary)
        shared = {name: value for name, value in options.items() if name not in own}
        for address in self.in_turn():
            arguments, other = dialect.create_connect_args(self.url_of(address, dialect))
            try:
                made = dialect.connect(*arguments, **{**shared, **other, **limits(address)})
            except (dialect.loaded_dbapi.Error, OSError) as error:
                self.leave(address, error)
            else:
                self.welcome(address)
                return made
        if record is not None:  # this one stands in for a replica
            record.info[STANDS_IN] = self.clock() + RETRY
        return None

    def url_of(self, address: Address, dialect: Any) -> Any:
        """Return the URL of an address for the driver of a dialect."""
        return address.for_async if dialect.is_async else address.for_threads

    def in_turn(self) -> Iterator[Address]:
        """Yield those that may answer, each time beginning with another."""
        self.turn += 1
        count = len(self.addresses)
        for number in range(count):
            address = self.addresses[(self.turn + number) % count]
            if self.down.get(address.shown, 0.0) <= self.clock():
                yield address

    def leave(self, address: Address, error: Exception) -> None:
        """Ask a replica no more for a while; told once."""
        if address.shown not in self.down:
            reason = " ".join(str(error).split())
            _log.warning("the replica %s does not answer: %s", address.shown, reason)
        self.down[address.shown] = self.clock() + RETRY

    def welcome(self, address: Address) -> None:
        """Note that a replica answers."""
        if self.down.pop(address.shown, None) is not None:
            _log.warning("the replica %s answers again", address.shown)

    def check(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """Give a connection up that has stood in for a replica for long enough."""
        until = record.info.get(STANDS_IN)
        if until is not None and until <= self.clock():
            raise exc.DisconnectionError  # the pool connects anew


def check_replicas(primary: Address, replicas: Sequence[Address], *, writes_on_get: bool) -> None:
    """Raise GambrelError for replicas that cannot be, or that nobody would ask."""
    if not replicas:
        return
    where = "Database(replicas=[...])"
    if primary.kind == "sqlite":
        what = "a database of SQLite is a file, and has no replicas"
        hint = "leave them out: readers wait for nobody there; or move to PostgreSQL or MariaDB"
        raise GambrelError("db.replica", what, where, hint)
    for other in replicas:
        if other.kind != primary.kind:
            what = f"the replica {other.shown} is no {primary.kind}, as its primary is"
            raise GambrelError("db.replica", what, where, "correct its URL")
    if writes_on_get:
        what = "GET may write, and a replica cannot: none would ever be asked"
        raise GambrelError("db.replica", what, where, "leave writes_on_get out, or the replicas")
