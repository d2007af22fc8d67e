"""Listening sockets: on an address, or handed over by a supervisor; `entry/` has those at a path.

Whoever starts a server opens one here and gives it to `serve`. What the system refuses is told as
a `GambrelError` with the option that helps.
"""

import errno
import socket
import sys
from typing import Any

from gambrel.core.http.errors import GambrelError

__all__ = ["AS_IT_IS", "adopt_descriptor", "listen_on_port", "wrong_address"]

AS_IT_IS: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
"""Tells loops to leave the file of a Unix socket to us: they would remove one that took it over."""


def listen_on_port(host: str, port: int, *, backlog: int = 1024) -> socket.socket:
    """Return a socket that listens on `host` (a name or an address) and `port`; 0 takes a free one.

    Raises:
        GambrelError: The port is taken or not allowed, or the host is not one of this machine's.
    """
    where = f"{host}:{port}"
    if not 0 <= port <= 65_535:  # the look-up below would take the rest of a division
        raise wrong_address(where, ValueError("ports are 0 to 65535"))
    try:
        name = host.encode() if host.isascii() else host  # a str would load the codec for IDNA
        family, kind, protocol, _, address = socket.getaddrinfo(
            name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise wrong_address(where, error) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65_535 else 8000
            raise GambrelError(
                "server.port-taken",
                f"port {port} is in use by another program",
                where,
                f"stop that program, or choose another port: --port {other}",
            ) from None
        raise wrong_address(where, error) from None
    return listener


def wrong_address(where: str, error: Exception, hint: str = "") -> GambrelError:
    """Return the error for an address or a path that the system does not give."""
    if not hint and isinstance(error, PermissionError):
        hint = "ports below 1024 are for administrators: --port 8000, with a proxy in front"
    reason = getattr(error, "strerror", None) or error
    return GambrelError(
        "server.address",
        f"cannot listen there: {reason}",
        where,
        hint or "--host 127.0.0.1 is this machine only, --host 0.0.0.0 is every network it is in",
    )


def adopt_descriptor(descriptor: int) -> socket.socket:
    """Return the listening socket that a supervisor has left open at `descriptor`.

    Raises:
        GambrelError: There is no such descriptor, or it is not a listening stream socket.
    """
    what = f"descriptor {descriptor} is not a listening socket"
    hint = "pass the socket of the supervisor; the first one of systemd is --fd 3"
    try:
        listener = socket.socket(fileno=descriptor)
    except OSError:
        raise GambrelError("server.descriptor", what, "", hint) from None
    listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if listener.type != socket.SOCK_STREAM or not listens:
        listener.detach()
        raise GambrelError("server.descriptor", what, "", hint)
    return listener
