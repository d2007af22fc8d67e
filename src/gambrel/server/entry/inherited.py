"""Listening sockets that a service manager hands over, by the protocol of `sd_listen_fds(3)`.

systemd opens the sockets of a `.socket` unit, keeps them over restarts, and leaves them open for
the service from descriptor 3 on.
"""

import os
from collections.abc import MutableMapping

from gambrel.core.http.errors import GambrelError

__all__ = ["inherited_descriptor"]

_FIRST = 3
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def inherited_descriptor(
    name: str = "", environ: MutableMapping[str, str] = os.environ
) -> int | None:
    """Return the descriptor that was handed over to this process; None where there is none.

    `name` chooses among several, by `FileDescriptorName=` of their units. The variables are
    removed and the descriptors closed at `exec`: no process of ours is to take them once more.

    Raises:
        GambrelError: There is none of that name, or several and no name to choose by.
    """
    names = names_of(environ)
    for variable in _VARIABLES:
        environ.pop(variable, None)
    for number in range(len(names)):
        if is_open(_FIRST + number):
            os.set_inheritable(_FIRST + number, False)
    if not names and not name:
        return None
    found = [number for number, one in enumerate(names) if name in ("", one)]
    if len(found) == 1:
        return _FIRST + found[0]
    handed = f"the service manager has handed over {', '.join(names) or 'no socket'}"
    what = f"{handed}; none is called {name!r}" if name and not found else f"{handed}: which one?"
    hint = "choose by its number or FileDescriptorName=: --fd 3, --fd NAME"
    raise GambrelError("server.descriptor", what, "LISTEN_FDNAMES", hint)


def names_of(environ: MutableMapping[str, str]) -> list[str]:
    """Return the name of each descriptor that is meant for this process."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal() or len(count) > 3:
        return []
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    return [names[n] if n < len(names) and names[n] else "unknown" for n in range(int(count))]


def is_open(descriptor: int) -> bool:
    """Say whether there is such a descriptor."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
