"""Listening sockets: on an address, on a path of the file system, or handed over by a supervisor.

Whoever starts a server opens one here and gives it to `serve`. What the system refuses is told as
a `GambrelError` with the option that helps.
"""

import errno
import os
import socket
import stat
from pathlib import Path

from gambrel.core.http.errors import GambrelError

__all__ = ["adopt_descriptor", "listen_on_path", "listen_on_port"]


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


def listen_on_path(path: str | Path, *, backlog: int = 1024, mode: int = 0o660) -> socket.socket:
    """Return a Unix socket at `path`, with these permissions. What a dead server left is replaced.

    Raises:
        GambrelError: Another server listens there, or the path is a file or not writable.
    """
    path = Path(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        remove_dead_socket(path)
        before = os.umask(0o777 & ~mode)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        hint = "name a file that does not exist, in a folder this user may write to"
        if error.errno == errno.EADDRINUSE:
            what = "another server listens at this path"
            raise GambrelError("server.port-taken", what, str(path), hint) from None
        raise wrong_address(str(path), error, hint) from None
    return listener


def remove_dead_socket(path: Path) -> None:
    """Remove a socket that nobody listens on. Raises OSError for anything else at `path`."""
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise FileExistsError(errno.EEXIST, "there is a file of that name")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError(errno.EADDRINUSE, "another server listens there")


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
