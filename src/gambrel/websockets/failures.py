"""What goes wrong with a WebSocket that we have opened: not a fault of whom we serve meanwhile.

In a handler that does not catch them they are answered with 502, as those of the HTTP client are.
"""

from collections.abc import Sequence

__all__ = ["ConnectionClosed", "HandshakeFailed", "UnexpectedMessage", "WebSocketFailed"]

_HINT = "retry-after="


class WebSocketFailed(Exception):
    """A WebSocket to another server could not be opened, has closed, or brought what is unknown."""


class HandshakeFailed(WebSocketFailed):
    """The server could not be reached in time, or answers with something else than a WebSocket.

    `status`, `headers` (pairs, names in lower case) and `body` are those of its answer, as far as
    it came; without one, `status` is None.
    """

    def __init__(
        self,
        what: str,
        status: int | None = None,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> None:
        super().__init__(what)
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the server asks to come again (RFC 9110 §10.2.3), if it says so."""
        return seconds_of(dict(self.headers).get("retry-after", ""))


class ConnectionClosed(WebSocketFailed):
    """The WebSocket is closed: no message comes or goes any more.

    `code` is that of the side that closed first: 1005 where it gave none, 1006 where the
    connection broke (RFC 6455 §7.1.5); `reason` is its text.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"the WebSocket is closed: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the server asks to come again, if its reason ends with them.

        A stopping server of ours says `restarting; retry-after=3.2`, with the code 1012.
        """
        _, hint, seconds = self.reason.rpartition(_HINT)
        return seconds_of(seconds) if hint else None


class UnexpectedMessage(WebSocketFailed):
    """A message is not of the type that `connect` was given; the socket stays open."""


def seconds_of(text: str) -> float | None:
    """Return a number of seconds; None for anything else."""
    plain = text.strip()
    whole, _, part = plain.partition(".")
    is_number = plain.isascii() and whole.isdigit() and (part.isdigit() or part == "")
    return float(plain) if is_number and len(plain) < 10 else None
