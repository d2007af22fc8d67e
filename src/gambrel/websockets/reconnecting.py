"""One WebSocket after the other: when to connect again, after how long, and when not to."""

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import Any, Protocol, TypeVar

from gambrel.websockets.closing import INVALID, NORMAL, POLICY, TOO_BIG, UNSUPPORTED
from gambrel.websockets.failures import ConnectionClosed, HandshakeFailed

__all__ = ["is_hopeless", "pause", "reconnecting"]

FIRST, LONGEST, MOST = 1.0, 30.0, 300.0
"""Seconds of the first wait at most, of the longest, and the most that a server may ask for."""
STABLE = 10.0
"""Seconds after which a socket counts as one that works."""
_HOPELESS = frozenset({1002, UNSUPPORTED, INVALID, POLICY, TOO_BIG, 1010})
_PASSING = frozenset({408, 425, 429})
_log = logging.getLogger("gambrel.websockets")


class Reopened(Protocol):
    """A socket, as far as it matters here."""

    @property
    def closed(self) -> ConnectionClosed | None:
        """How it was closed."""

    async def __aenter__(self) -> Any: ...
    async def __aexit__(self, kind: object, *_failure: object) -> None: ...


S = TypeVar("S", bound=Reopened)


async def reconnecting(
    open_socket: Callable[[], Awaitable[S]],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    chance: Callable[[], float] = random.random,
    clock: Callable[[], float] = monotonic,
) -> AsyncIterator[S]:
    """Yield an open socket, and another when that is closed, until one is closed with 1000.

    Raises HandshakeFailed and ConnectionClosed where to try again would not help.
    """
    failures = 0
    while True:
        why: HandshakeFailed | ConnectionClosed | None = None
        try:
            socket = await open_socket()
        except HandshakeFailed as failure:
            why = failure
        else:
            began = clock()
            async with socket:
                yield socket
                why = socket.closed
            if clock() - began >= STABLE:
                failures = 0
        if isinstance(why, ConnectionClosed) and why.code == NORMAL:
            return
        if why is not None and is_hopeless(why):
            raise why
        failures += 1
        seconds = pause(failures, None if why is None else why.retry_after, chance)
        _log.info("%s: to connect again in %.1f s", why or "left", seconds)
        await sleep(seconds)


def is_hopeless(why: HandshakeFailed | ConnectionClosed) -> bool:
    """Say whether what has failed would fail again: a refusal, or what one side cannot take."""
    if isinstance(why, ConnectionClosed):
        return why.code in _HOPELESS
    if isinstance(why.__cause__, ssl.SSLCertVerificationError):
        return True
    return why.status is not None and why.status < 500 and why.status not in _PASSING


def pause(failures: int, asked: float | None, chance: Callable[[], float] = random.random) -> float:
    """Return the seconds to wait after so many failures in a row; `asked` is what the server asks.

    A wait is anything up to a bound that doubles, so that clients that were dropped together do
    not come back together.
    """
    bound = min(LONGEST, FIRST * 2.0 ** (min(failures, 10) - 1))
    if asked is None:
        return bound * chance()
    return min(asked, MOST) + FIRST * chance()
