"""The process that `gambrel run` becomes: in the background, with a pid file, as another user."""

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

import click

from gambrel import GambrelError

__all__ = ["become", "detach", "pid_file"]


@contextmanager
def pid_file(name: str) -> Iterator[None]:
    """Keep the pid of this process in a file while the block runs, and the file locked.

    The file is no one else's way to another file: no link is followed, and it stays ours.

    Raises:
        GambrelError: A process that is alive has locked it, or it cannot be written.
    """
    if not name:
        yield
        return
    descriptor = open_locked(name)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        with suppress(OSError):
            if is_at(descriptor, name):
                os.unlink(name)  # noqa: PTH108 - a path as it was given
        os.ftruncate(descriptor, 0)  # where the folder is no longer ours
        os.close(descriptor)


def open_locked(name: str) -> int:
    """Return the descriptor of a file that no other process has locked. Raises GambrelError."""
    import fcntl

    hint = "name a file, or none yet, in a folder that exists and is yours"
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
    except OSError as error:
        what = f"the pid file cannot be written: {error.strerror}"
        raise GambrelError("server.pid-file", what, name, hint) from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        what = "the pid file cannot be written: it is a link, or no file"
        raise GambrelError("server.pid-file", what, name, hint)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pid = os.read(descriptor, 20).decode("ascii", "replace").strip()
        os.close(descriptor)
        what = f"{name!r} is that of process {pid or '(starting)'}, which is alive"
        hint = "stop that one with SIGTERM, or name another file"
        raise GambrelError("server.pid-file", what, name, hint) from None
    if not is_at(descriptor, name):  # the process before has ended and removed it meanwhile
        os.close(descriptor)
        return open_locked(name)
    return descriptor


def is_at(descriptor: int, name: str) -> bool:
    """Tell whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(name))
    except FileNotFoundError:
        return False


def become(user: str, group: str, sockets: Iterable[str] = ()) -> None:
    """Give up the rights of the superuser for those of a user and a group.

    They get the Unix sockets at the paths `sockets`; nothing else that may be there.

    Raises:
        GambrelError: They do not exist, this process may not become them, or they may not run
            this Python.
    """
    if not user and not group:
        return
    import grp
    import pwd

    name = ":".join(filter(None, [user, group]))
    try:
        entry = pwd.getpwnam(user) if user else pwd.getpwuid(os.geteuid())
        number = grp.getgrnam(group).gr_gid if group else entry.pw_gid
        if os.geteuid() != 0 and (os.geteuid(), os.getegid()) == (entry.pw_uid, number):
            return
        for path in sockets:
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                os.chown(path, entry.pw_uid, number, follow_symlinks=False)
        os.setgroups([])
        os.setgid(number)
        os.initgroups(entry.pw_name, number)
        os.setuid(entry.pw_uid)
    except (KeyError, PermissionError) as error:
        what = f"this process cannot become {name!r}: {error}"
        hint = "name a user and a group of this machine, and start as the superuser"
        raise GambrelError("server.user", what, name, hint) from None
    if not os.access(sys.executable, os.X_OK):
        what = f"{entry.pw_name!r} may not run {sys.executable}, and so start no worker"
        hint = "put the environment where everybody may read it: not below /root"
        raise GambrelError("server.user", what, name, hint)


def detach(log: str) -> Callable[[str], None]:
    """Go on in a process of the background; return what it has to call once it serves.

    All that is written goes to the end of the file `log`, or nowhere. The process that was started
    waits: it writes the message that the other has for it, and ends with exit code 0; or what
    is in the log, and ends with 1, where the other has ended before.

    Raises:
        GambrelError: The file cannot be written.
    """
    try:
        output = os.open(
            log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o640
        )
    except OSError as error:
        what = f"the log cannot be written: {error.strerror}"
        hint = "name a file in a folder that exists and is yours"
        raise GambrelError("server.log-file", what, log, hint) from None
    before = os.fstat(output).st_size
    reader, writer = os.pipe()
    sys.stdout.flush()
    if os.fork():
        os.close(writer)
        try:
            wait_for(reader, log, before)
        finally:  # an interrupted one must not put away what is the other's
            os._exit(1)
    os.close(reader)
    os.setsid()
    if os.fork():  # no terminal can become that of a process that leads no session
        os._exit(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - for its descriptor
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)

    def settle(message: str) -> None:
        with suppress(OSError):  # who has waited may have been interrupted
            os.write(writer, message.encode())
        os.close(writer)

    return settle


def wait_for(reader: int, log: str, before: int) -> NoReturn:
    """End as the process in the background has begun."""
    with open(reader, encoding="utf-8") as told:
        message = told.read()
    if not message:
        if log:
            with open(log, encoding="utf-8", errors="replace") as written:  # noqa: PTH123 - to seek
                written.seek(before)
                click.echo(written.read(), err=True, nl=False)
        else:
            click.echo("gambrel: it did not start; `--log-file PATH` tells why", err=True)
    else:
        click.echo(message)
    sys.stdout.flush()
    os._exit(0 if message else 1)
