"""A Unix socket at a path: made where nobody listens, and removed by nobody but its own server.

Servers with the same path may start and end at the same moment. So whoever looks at the file to
make or to remove it holds a lock for that moment, which is a file beside it. The command line and
the control socket listen here.
"""

import errno
import fcntl
import os
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gambrel.core.http.errors import GambrelError
from gambrel.server.listen import wrong_address

__all__ = ["listen_on_path"]

PATIENCE = 5.0
"""Seconds until a lock that somebody keeps is given up: others have it for a moment."""


@contextmanager
def listen_on_path(
    path: str | os.PathLike[str], *, backlog: int = 1024, mode: int = 0o660
) -> Iterator[socket.socket]:
    """Listen at `path` while the block runs, with these permissions.

    What a dead server left is replaced. At the end the file is removed, unless it is another's by
    now: one that took the path over after this one had stopped to listen.

    Raises:
        GambrelError: Another server listens there, or the path is a file or not writable.
    """
    name = os.fspath(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with lock_beside(name):
            remove_dead_socket(name)
            bind(listener, name, mode)
            listener.listen(backlog)
            made = mark_of(name)
    except OSError as error:
        listener.close()
        raise refused(name, error) from None
    try:
        yield listener
    finally:
        with suppress(OSError), lock_beside(name):  # the folder may be not ours any more
            if mark_of(name) == made:
                os.unlink(name)  # noqa: PTH108 - a path as it was given
        listener.close()


def bind(listener: socket.socket, name: str, mode: int) -> None:
    """Make the file, with its permissions from the beginning."""
    before = os.umask(0o777 & ~mode)
    try:
        listener.bind(name)
    finally:
        os.umask(before)


def mark_of(name: str) -> tuple[int, ...]:
    """Return what tells a file from one that has come in its place.

    The number of a file is given to the next one as soon as it is free, the moment of its making is
    not; the owner and the permissions of a socket may change, which leaves that as it is.
    """
    found = os.lstat(name)
    return found.st_dev, found.st_ino, found.st_mtime_ns


def remove_dead_socket(name: str) -> None:
    """Remove a socket that nobody listens on. Raises OSError for anything else at the path."""
    try:
        if not stat.S_ISSOCK(os.lstat(name).st_mode):
            raise FileExistsError(errno.EEXIST, "there is a file of that name")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # one whose queue is full would keep us
        try:
            probe.connect(name)
        except ConnectionRefusedError:
            os.unlink(name)  # noqa: PTH108 - a path as it was given
            return
        except BlockingIOError:
            pass
    raise OSError(errno.EADDRINUSE, "another server listens there")


@contextmanager
def lock_beside(name: str) -> Iterator[None]:
    """Hold the lock of a path. Raises OSError."""
    beside = f"{name}.lock"
    descriptor = take_lock(beside, time.monotonic() + PATIENCE)
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(beside)  # noqa: PTH108 - a path as it was given
        os.close(descriptor)


def take_lock(beside: str, end: float) -> int:
    """Return the descriptor of a lock's file, which is locked and still there. Raises OSError."""
    while True:
        # Nobody else may open it, and so keep us.
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it before has removed the file: it may have been that one we have opened.
            if os.path.samestat(os.fstat(descriptor), os.lstat(beside)):
                return descriptor
        except (BlockingIOError, FileNotFoundError):
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if time.monotonic() > end:
            raise BlockingIOError(errno.EAGAIN, f"somebody keeps {beside} locked")
        time.sleep(0.005)


def refused(name: str, error: OSError) -> GambrelError:
    """Return the error for a path at which nobody can listen."""
    hint = "name a file that does not exist, in a folder this user may write to"
    if error.errno == errno.EADDRINUSE:
        what = "another server listens at this path"
        return GambrelError("server.port-taken", what, name, hint)
    return wrong_address(name, error, hint)
