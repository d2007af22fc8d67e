"""The listening socket of `run` and `dev`: opened before serving, so that its errors are clear."""

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gambrel import GambrelError

__all__ = ["open_listener", "url_of"]


_BACKLOG = 1024


@contextmanager
def open_listener(host: str, port: int, uds: str = "") -> Iterator[socket.socket]:
    """Listen at an address, or at a path, which is removed at the end.

    Raises:
        GambrelError: The address is taken, or is none of this machine's, or not for this user.
    """
    listener = listen(host, port, uds)
    try:
        yield listener
    finally:
        listener.close()
        if uds:
            with suppress(OSError):
                Path(uds).unlink()


def listen(host: str, port: int, uds: str) -> socket.socket:
    """Return the listening socket."""
    try:
        if uds:
            return listen_at_path(Path(uds))
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        where = uds or f"{host}:{port}"
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise taken(where, port, uds) from None
        raise refused(where, port, error) from None


def taken(where: str, port: int, uds: str) -> GambrelError:
    """Return the error for an address that another process listens at."""
    if uds:
        what, hint = f"{uds} is in use by another process", "stop it, or give another `--uds PATH`"
    else:
        what = f"port {port} is in use by another process"
        hint = f"stop it, or give another port: `--port {port + 1 if port < 65_535 else 8000}`"
    return GambrelError("server.port-taken", what, where, hint)


def refused(where: str, port: int, error: Exception) -> GambrelError:
    """Return the error for an address that the system does not give."""
    reason = getattr(error, "strerror", None) or str(error)
    hint = "give an address of this machine: `--host 127.0.0.1 --port 8000`"
    if isinstance(error, PermissionError) and 0 < port < 1024:
        hint = "ports below 1024 are for administrators: `--port 8000`"
    return GambrelError("server.address", f"cannot listen at {where}: {reason}", where, hint)


def listen_at_path(path: Path) -> socket.socket:
    """Return a socket that listens at a path, in place of one that nobody listens at any more."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not is_answered(path):
            path.unlink()
        listener.bind(str(path))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def is_answered(path: Path) -> bool:
    """Tell whether a process listens at the socket of a path."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            return False
    return True


def url_of(listener: socket.socket) -> str:
    """Return the address of a listening socket, for people."""
    name = listener.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{os.fsdecode(name)}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"http://{host}:{name[1]}"
