"""The protocol class of picows, made for either side: the one place that knows how.

Its constructor is called by position, so that picows is pinned to one major version. Its pings, its
logging and its time-outs are off: `Frames.tick` and who makes the connection see to these.
"""

import logging
from typing import Any

from picows import WSAutoPingStrategy
from picows.picows import WSProtocol  # type: ignore[attr-defined]  # compiled, and not in its stub

__all__ = ["client_protocol", "server_protocol"]

_BUFFER = 2048
_silent = logging.getLogger("gambrel.server.frames")
_silent.setLevel(logging.CRITICAL + 1)  # what peers do is no error of ours
_QUIET = logging.LoggerAdapter(_silent)  # of a plain logger, picows makes one per connection


def server_protocol(listen: Any, max_message: int) -> Any:
    """Return the protocol of a connection that is answered by what `listen(request)` returns."""
    return protocol(None, None, listen, max_message, None)


def client_protocol(
    host: str, target: str, listen: Any, max_message: int, headers: list[tuple[str, str]]
) -> Any:
    """Return the protocol that asks for `target` with `headers`, and takes the answer.

    `listen(request, response)` returns the listener; `host` is the value of that header.
    """
    return protocol(host, target, listen, max_message, headers)


def protocol(host: Any, target: Any, listen: Any, max_message: int, headers: Any) -> Any:
    """Return a protocol; that of a client knows whom it asks."""
    return WSProtocol(
        host,
        target,
        host is not None,
        listen,
        _QUIET,
        True,
        None,
        False,
        0,
        0,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,
        max_message,
        headers,
        _BUFFER,
    )
