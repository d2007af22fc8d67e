"""The listening socket of `run` and `dev`: opened before serving, and put away at the end."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["open_listener", "url_of"]


@contextmanager
def open_listener(
    host: str, port: int, uds: str = "", fd: int | None = None
) -> Iterator[socket.socket]:
    """Listen at an address; or at a path, which is removed at the end; or take what is open.

    Raises:
        GambrelError: The address is taken, or is none of this machine's, or not for this user.
    """
    from gambrel.server.listen import adopt_descriptor, listen_on_path, listen_on_port

    if fd is not None:
        listener, uds = adopt_descriptor(fd), ""
    else:
        listener = listen_on_path(uds) if uds else listen_on_port(host.strip("[]"), port)
    try:
        yield listener
    finally:
        listener.close()
        if uds:
            with suppress(OSError):
                os.unlink(uds)  # noqa: PTH108 - pathlib is not needed to start


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the address of a listening socket, for people."""
    name = listener.getsockname()
    if not isinstance(name, tuple):
        return f"unix:{os.fsdecode(name)}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{scheme}://{host}:{name[1]}"
