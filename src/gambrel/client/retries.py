"""Which requests are tried again, when, and when a host is left alone. Plain values, no I/O."""

import random
from collections.abc import Callable, Container
from time import monotonic

from msgspec import Struct

__all__ = ["Budget", "Circuit", "Circuits", "delay", "is_safe_to_repeat", "retry_after"]

REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Idempotent (RFC 9110 §9.2.2): done twice is done once."""
NAMES = ("idempotency-key", "webhook-id")
"""Header fields that name a request, so that it is done once however often it comes."""
BUSY = frozenset({502, 503, 504})
"""What a proxy says, or a server with too much to do."""
FIRST, LONGEST = 0.1, 2.0
"""Seconds of the first wait, and of the longest."""


def is_safe_to_repeat(method: str, headers: Container[str] = (), *, is_sent: bool) -> bool:
    """Tell whether a request may be made again; one that never left always may.

    One that has a name is known again by who gets it twice.
    """
    return not is_sent or method in REPEATABLE or any(name in headers for name in NAMES)


def delay(attempt: int, asked: float | None, chance: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait before attempt number 2, 3, …; `asked` is what the server asks.

    A wait is anything up to a bound that doubles, so that clients that failed together do not come
    back together.
    """
    bound = min(LONGEST, FIRST * 2.0 ** (attempt - 2))
    return max(asked or 0.0, bound * chance())


def retry_after(value: str | None) -> float | None:
    """Return the seconds of a `Retry-After`; None for a date, or nothing."""
    return float(value) if value and value.isascii() and value.isdigit() else None


class Budget:
    """How many attempts more there may be: a tenth of the requests, and a few.

    A server that fails everybody is not asked twice as often for it.
    """

    def __init__(self, most: float = 10.0, share: float = 0.1) -> None:
        self.most = most
        self.share = share
        self.left = most

    def earn(self) -> None:
        """Note a request."""
        self.left = min(self.most, self.left + self.share)

    def spend(self) -> bool:
        """Take one attempt, if there is one."""
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Circuit(Struct):
    """How one host does."""

    failures: int = 0
    opened: float = 0.0
    is_probed: bool = False


class Circuits:
    """Leaves a host alone for `seconds` once it has failed `failures` times in a row; 0 for never.

    Then one request goes through, and the others follow if it succeeds. Of more than `most` hosts
    that have failed, those are forgotten that were not asked for the longest time: strangers may
    name any number.
    """

    def __init__(
        self,
        failures: int,
        seconds: float = 5.0,
        clock: Callable[[], float] = monotonic,
        most: int = 1_000,
    ) -> None:
        self.failures = failures
        self.seconds = seconds
        self.most = most
        self._clock = clock
        self._by_host: dict[str, Circuit] = {}

    def admits(self, host: str) -> bool:
        """Tell whether the host may be asked now."""
        circuit = self._by_host.pop(host, None)
        if circuit is None:
            return True
        self._by_host[host] = circuit  # the last that was asked
        if circuit.failures < self.failures:
            return True
        if circuit.is_probed or self._clock() < circuit.opened + self.seconds:
            return False
        circuit.is_probed = True
        return True

    def __len__(self) -> int:
        """The number of hosts that have failed, as far as is known."""
        return len(self._by_host)

    def note(self, host: str, *, is_well: bool | None) -> None:
        """Note how a request to the host has ended; None where nobody waited for that."""
        if not self.failures:
            return
        if is_well is None:
            if host in self._by_host:
                self._by_host[host].is_probed = False
            return
        if is_well:
            self._by_host.pop(host, None)
            return
        circuit = self._by_host.setdefault(host, Circuit())
        circuit.failures += 1
        circuit.is_probed = False
        circuit.opened = self._clock()
        if len(self._by_host) > self.most:
            del self._by_host[next(iter(self._by_host))]
