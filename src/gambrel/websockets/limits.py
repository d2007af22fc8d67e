"""`Limits`: how large messages may be, how many wait, and how long a peer may be silent."""

from msgspec import Struct

__all__ = ["Limits"]


class Limits(Struct, frozen=True, kw_only=True):
    """What one WebSocket may use. Sizes are in bytes, times in seconds.

    max_message: The largest message that is received, whole; a larger one closes with 1009.
    queue: Messages received ahead of the handler before the client is made to wait.
    send_limit: What a slow client may leave unread before a `broadcast` gives it up.
    ping_interval: Silence after which a client is asked whether it is there.
    ping_timeout: For its answer.
    close_timeout: For a client to answer our closing, and for a handler to see the client's.
    compress: Whether messages are compressed for clients that can (RFC 7692); our own server.
    """

    max_message: int = 1 << 20
    queue: int = 32
    send_limit: int = 1 << 20
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    close_timeout: float = 10.0
    compress: bool = False
