"""The listening socket of `run` and `dev`: opened before serving, and put away at the end."""

import os
import socket
from contextlib import AbstractContextManager

import click
from click.core import ParameterSource

__all__ = ["given_descriptor", "open_listener", "url_of"]


def open_listener(
    host: str, port: int, uds: str = "", fd: int | None = None
) -> AbstractContextManager[socket.socket]:
    """Listen at an address; or at a path, which is removed at the end; or take what is open.

    Raises:
        GambrelError: The address is taken, or is none of this machine's, or not for this user.
    """
    from gambrel.server.listen import adopt_descriptor, listen_on_port

    if fd is not None:
        return adopt_descriptor(fd)
    if not uds:
        return listen_on_port(host.strip("[]"), port)
    from gambrel.server.entry.socket_file import listen_on_path

    return listen_on_path(uds)


def given_descriptor(fd: str, server: str) -> int | None:
    """Return the descriptor to listen at: that of `--fd`, or the one a service manager hands over.

    An address on the command line comes before the latter.

    Raises:
        UsageError: `--fd` is given for another server.
        GambrelError: The service manager has handed over none of that name, or too many.
    """
    if fd and server != "native":
        raise click.UsageError("--fd is for the native server")
    if fd.isdecimal():
        return int(fd)
    source = click.get_current_context().get_parameter_source
    is_placed = any(source(name) is ParameterSource.COMMANDLINE for name in ("host", "port", "uds"))
    if not fd and (is_placed or server != "native" or "LISTEN_FDS" not in os.environ):
        return None
    from gambrel.server.entry.inherited import inherited_descriptor

    return inherited_descriptor(fd)


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the address of a listening socket, for people."""
    name = listener.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{os.fsdecode(name)}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{scheme}://{host}:{name[1]}"
