"""What goes wrong with a request of ours, beside what httpx2 names itself."""

import httpx2

__all__ = ["AnswerTooLarge", "CallAbandoned", "CircuitOpen", "UnsafeAddress"]


class AnswerTooLarge(httpx2.TransportError):
    """The other side sent more than `max_body` bytes."""


class CallAbandoned(httpx2.TransportError):
    """Nobody waits for the answer any more: the request that it is for has ended, or the app."""


class CircuitOpen(httpx2.ConnectError):
    """The other side has failed again and again, and is left alone for a while."""


class UnsafeAddress(httpx2.TransportError):
    """The address is none that a stranger may have us ask: not public, or not of the web."""
