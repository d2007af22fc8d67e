"""`Limits`: how large a message may be, how long a client and a handler may take.

One frozen value per server; every file of this room reads it, nothing else knows it. Sizes are in
bytes, times in seconds. A time-out is looked at when the worker's clock ticks, so it strikes up to
one tick late.
"""

from msgspec import Struct

__all__ = ["Limits"]

_KIB = 1024


class Limits(Struct, frozen=True, kw_only=True):
    """What a client may send and how long it may take.

    Sizes:
        request_line: The first line of a message, longer is 414 (bytes).
        header_line: One header line, longer is 431 (bytes).
        header_block: All header lines together, larger is 431 (bytes).
        header_fields: Number of header lines, more is 431.
        body_buffer: Body received ahead of the handler before reading pauses (bytes).
        pipeline_buffer: Further requests received before the answer before reading pauses (bytes).
        unread_body: A body nobody read is received up to this size to keep the connection (bytes).

    Times, all in seconds:
        header_timeout: From the first byte of a message to the end of its headers.
        body_timeout: Between two pieces of a body.
        body_rate_after: From here on the body must arrive at `body_rate` bytes per second.
        idle_timeout: Between two messages of one connection.
        write_timeout: For a client that reads less than `body_rate`, while the send buffer is full.
        linger_timeout: For a client to read the last answer before the connection is closed.
        shutdown_delay: Served as before after being told to stop, while readiness is denied.
        shutdown_grace: For requests in flight when the server is told to stop.
        idle_grace: For one more request on idle connections then; it is answered, and the last.

    Load:
        pending: Requests in work or queued in one worker; beyond it they are refused with 503.
        retry_after: What such a refusal tells the client to wait (seconds).
        backlog: Connections the system queues until they are accepted.
    """

    request_line: int = 8 * _KIB
    header_line: int = 16 * _KIB
    header_block: int = 32 * _KIB
    header_fields: int = 100
    body_buffer: int = 64 * _KIB
    pipeline_buffer: int = 64 * _KIB
    unread_body: int = 64 * _KIB

    header_timeout: float = 10.0
    body_timeout: float = 15.0
    body_rate: int = _KIB
    body_rate_after: float = 10.0
    idle_timeout: float = 30.0
    write_timeout: float = 30.0
    linger_timeout: float = 2.0
    shutdown_delay: float = 0.0
    shutdown_grace: float = 25.0
    idle_grace: float = 1.0

    pending: int = 256
    retry_after: int = 1
    backlog: int = 1024

    @property
    def tick(self) -> float:
        """Seconds between two looks at the time: one, or less where a time-out is short."""
        shortest = min(
            self.header_timeout,
            self.body_timeout,
            self.body_rate_after,
            self.idle_timeout,
            self.write_timeout,
            self.linger_timeout,
        )
        return max(0.01, min(1.0, shortest / 2))
