"""`Limits`: how large a message may be, how long a client and a handler may take.

One frozen value per server; every file of this room reads it, nothing else knows it. Its fields are
the settings of the section `server`. Sizes are in bytes, times in seconds. A time-out is looked at
when the worker's clock ticks, so it strikes up to one tick late.
"""

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import Meta, Struct

__all__ = ["Limits", "ServerSettings", "limits_of", "weakened"]

_KIB = 1024
_NEUTRAL = frozenset({"backlog", "idle_grace", "proxy_protocol", "retry_after", "shutdown_delay"})
"""What is a matter of taste and of the deployment."""
_LEAST = frozenset({"body_rate"})
"""What is weaker where it is less; of all others more is."""


class ServerSettings(Struct, frozen=True, kw_only=True):
    """What a client may send, how long it may take, and how much is taken on at all."""

    request_line: Annotated[
        int, Meta(ge=256, description="first line of a message; longer is 414")
    ] = 8 * _KIB
    header_line: Annotated[int, Meta(ge=256, description="one header line; longer is 431")] = (
        16 * _KIB
    )
    header_block: Annotated[
        int, Meta(ge=256, description="all header lines together; larger is 431")
    ] = 32 * _KIB
    header_fields: Annotated[int, Meta(ge=1, description="number of header lines; more is 431")] = (
        100
    )
    body_buffer: Annotated[
        int, Meta(ge=1, description="body received ahead of the handler before reading pauses")
    ] = 64 * _KIB
    pipeline_buffer: Annotated[
        int, Meta(ge=1, description="requests received ahead of the answer before reading pauses")
    ] = 64 * _KIB
    unread_body: Annotated[
        int, Meta(ge=0, description="body nobody reads, received to keep the connection")
    ] = 64 * _KIB

    header_timeout: Annotated[
        float, Meta(gt=0, description="first byte of a message to the end of its headers, or 408")
    ] = 10.0
    body_timeout: Annotated[
        float, Meta(gt=0, description="between two pieces of a body, or 408")
    ] = 15.0
    body_rate: Annotated[
        int, Meta(ge=0, description="bytes per second that bodies arrive and answers are read at")
    ] = _KIB
    body_rate_after: Annotated[
        float, Meta(gt=0, description="from here on `body_rate` is asked for, or 408")
    ] = 10.0
    idle_timeout: Annotated[
        float, Meta(gt=0, description="between two messages of one connection")
    ] = 30.0
    write_timeout: Annotated[
        float, Meta(gt=0, description="for a client that reads slower than `body_rate`")
    ] = 30.0
    linger_timeout: Annotated[
        float, Meta(ge=0, description="for a client to read the last answer before the end")
    ] = 2.0
    shutdown_delay: Annotated[
        float, Meta(ge=0, description="served as before when told to stop, while not ready")
    ] = 0.0
    idle_grace: Annotated[
        float, Meta(ge=0, description="for one more request on idle connections at the end")
    ] = 1.0

    pending: Annotated[
        int, Meta(ge=1, description="requests in work in one worker; beyond it 503 at once")
    ] = 256
    connections: Annotated[
        int, Meta(ge=1, description="open connections of one worker; one more is answered 503")
    ] = 10_000
    retry_after: Annotated[
        int, Meta(ge=0, description="seconds that such an answer tells the client to wait")
    ] = 1
    backlog: Annotated[
        int, Meta(ge=1, description="connections that the system queues until they are accepted")
    ] = 1024
    proxy_protocol: Annotated[
        bool, Meta(description="each connection begins with a PROXY header of a trusted proxy")
    ] = False


class Limits(ServerSettings, frozen=True, kw_only=True):
    """The settings of the server, and what is one of the app: the time for requests in flight."""

    shutdown_grace: float = 25.0

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


def limits_of(app: Any, **others: float) -> Limits:
    """Build an app and return the limits its settings ask for; `others` come before them."""
    app.build()
    settings = app.settings
    given = getattr(settings, "server", None)
    names = ServerSettings.__struct_fields__ if isinstance(given, ServerSettings) else ()
    values = {name: getattr(given, name) for name in names}
    return Limits(**{**values, "shutdown_grace": settings.core.shutdown_grace, **others})


def weakened(settings: ServerSettings) -> Iterator[tuple[str, float, float]]:
    """Yield name, value and default of each limit that lets more through than its default."""
    default = ServerSettings()
    for name in ServerSettings.__struct_fields__:
        value, usual = getattr(settings, name), getattr(default, name)
        if name not in _NEUTRAL and (value < usual if name in _LEAST else value > usual):
            yield name, value, usual
