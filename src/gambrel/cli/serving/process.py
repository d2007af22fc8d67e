"""The process that `gambrel run` becomes: in the background, with a pid file, as another user."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import click

from gambrel import GambrelError

__all__ = ["become", "detach", "pid_file"]


@contextmanager
def pid_file(name: str) -> Iterator[None]:
    """Keep the pid of this process in a file while the block runs.

    Raises:
        GambrelError: The process that it names is alive, or it cannot be written.
    """
    if not name:
        yield
        return
    path, pid = Path(name), os.getpid()
    known = read_pid(path)
    if known is not None and known != pid and is_alive(known):
        what = f"{name!r} names process {known}, which is alive"
        hint = f"stop that one (`kill {known}`), or name another file"
        raise GambrelError("server.pid-file", what, name, hint)
    try:
        path.write_text(f"{pid}\n", encoding="ascii")
    except OSError as error:
        what = f"the pid file cannot be written: {error.strerror}"
        hint = "name a file in a folder that exists and is yours"
        raise GambrelError("server.pid-file", what, name, hint) from None
    try:
        yield
    finally:
        if read_pid(path) == pid:
            with suppress(OSError):
                path.unlink()


def read_pid(path: Path) -> int | None:
    """Return the number in a pid file; None where there is none."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def is_alive(pid: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def become(user: str, group: str, paths: Iterable[str] = ()) -> None:
    """Give up the rights of the superuser for those of a user and a group, who then own `paths`.

    Raises:
        GambrelError: They do not exist, or this process may not become them.
    """
    if not user and not group:
        return
    import grp
    import pwd

    try:
        entry = pwd.getpwnam(user) if user else None
        number = grp.getgrnam(group).gr_gid if group else pwd.getpwnam(user).pw_gid
        for path in filter(None, paths):
            os.chown(path, -1 if entry is None else entry.pw_uid, number)
        os.setgroups([])
        os.setgid(number)
        if entry is not None:
            os.initgroups(user, number)
            os.setuid(entry.pw_uid)
    except (KeyError, PermissionError) as error:
        name = ":".join(filter(None, [user, group]))
        what = f"this process cannot become {name!r}: {error}"
        hint = "name a user and a group of this machine, and start as the superuser"
        raise GambrelError("server.user", what, name, hint) from None


def detach(log: str) -> Callable[[str], None]:
    """Go on in a process of the background; return what it has to call once it serves.

    All that is written goes to the end of the file `log`, or nowhere. The process that was started
    waits: it writes the message that the other has for it, and ends with exit code 0; or what
    is in the log, and ends with 1, where the other has ended before.

    Raises:
        GambrelError: The file cannot be written.
    """
    try:
        output = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    except OSError as error:
        what = f"the log cannot be written: {error.strerror}"
        hint = "name a file in a folder that exists and is yours"
        raise GambrelError("server.log-file", what, log, hint) from None
    before = os.fstat(output).st_size
    reader, writer = os.pipe()
    sys.stdout.flush()
    if os.fork():
        os.close(writer)
        wait_for(reader, log, before)
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
