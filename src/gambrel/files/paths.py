"""Opening files whose names come from outside: beneath a root, and nowhere else.

File responses use it, and static files and local storage may. A name that is refused looks like
a file that is not there: every failure is the same `FileNotFoundError`.
"""

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

__all__ = ["Listed", "list_beneath", "open_beneath", "open_regular", "safe_parts"]

_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a FIFO without a writer would block open() for ever
_HAS_DIR_FD = os.open in os.supports_dir_fd and bool(_NO_FOLLOW)

# Refused on every system, so that an app behaves the same where it is developed and where it runs.
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\..*)?",
    re.IGNORECASE | re.DOTALL,
)
_REFUSED = frozenset('\\:*?"<>|')


WELL_KNOWN = ".well-known"
"""RFC 8615: the one hidden folder that is meant to be seen."""


def safe_parts(name: str, *, well_known: bool = False) -> list[str]:
    """Return the components of a relative name with `/` between them.

    Raises FileNotFoundError for anything but plain visible names: absolute, empty, `..`, hidden
    (`.git`), control characters, and what Windows would read as a device, drive or stream.
    `well_known` lets the name begin with the folder `.well-known`.
    """
    parts = name.split("/")
    checked = parts[1:] if well_known and parts[0] == WELL_KNOWN else parts
    if len(name) > 4_096 or not checked or not all(_is_plain(part) for part in checked):
        raise FileNotFoundError("no such file")
    return parts


def _is_plain(part: str) -> bool:
    return (
        bool(part)
        and len(part) <= 255
        and part.isprintable()
        and part[0] != "."
        and part[-1] not in ". "
        and _REFUSED.isdisjoint(part)
        and not _WINDOWS_DEVICE.fullmatch(part)
    )


def open_beneath(root: str | os.PathLike[str], name: str, *, well_known: bool = False) -> int:
    """Open the regular file `name` under `root` for reading and return its descriptor.

    Each component is opened relative to the one before without following symbolic links, so a
    folder that is swapped for a link meanwhile leads nowhere.

    Raises FileNotFoundError: there is none, or `name` is not a safe relative name.
    """
    parts = safe_parts(name, well_known=well_known)
    try:
        if _HAS_DIR_FD:
            return _regular(_walk(root, parts))
        return _regular(os.open(_resolved(root, parts), _READ))
    except (OSError, ValueError):
        raise FileNotFoundError("no such file") from None


class Listed(NamedTuple):
    """A file or folder that a folder has, with its size in bytes."""

    name: str
    is_folder: bool
    size: int


def list_beneath(
    root: str | os.PathLike[str], name: str, *, well_known: bool = False
) -> list[Listed]:
    """Return what is visible in the folder `name` under `root`, `""` for itself.

    Hidden files, links, devices, and what no name may be are left out.

    Raises FileNotFoundError: there is no such folder.
    """
    parts = safe_parts(name, well_known=well_known) if name else []
    try:
        if not _HAS_DIR_FD:
            return _visible(_resolved(root, parts))
        folder = _enter(root, parts)
        try:
            return _visible(folder)
        finally:
            os.close(folder)
    except (OSError, ValueError):
        raise FileNotFoundError("no such folder") from None


def _visible(folder: int | Path) -> list[Listed]:
    with os.scandir(folder) as entries:
        plain = [entry for entry in entries if _is_plain(entry.name)]
        return [
            Listed(one.name, one.is_dir(follow_symlinks=False), one.stat().st_size)
            for one in plain
            if one.is_dir(follow_symlinks=False) or one.is_file(follow_symlinks=False)
        ]


def _walk(root: str | os.PathLike[str], parts: list[str]) -> int:
    folder = _enter(root, parts[:-1])
    try:
        return os.open(parts[-1], _READ | _NO_FOLLOW | _NO_WAIT, dir_fd=folder)
    finally:
        os.close(folder)


def _enter(root: str | os.PathLike[str], parts: list[str]) -> int:
    folder = os.open(root, _READ | os.O_DIRECTORY)
    try:
        for part in parts:
            below = os.open(part, _READ | os.O_DIRECTORY | _NO_FOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
    except BaseException:
        os.close(folder)
        raise
    return folder


def _resolved(root: str | os.PathLike[str], parts: list[str]) -> Path:
    top = Path(root).resolve(strict=True)
    path = top.joinpath(*parts).resolve(strict=True)
    if path != top.joinpath(*parts):
        raise FileNotFoundError("a symbolic link")
    return path


def open_regular(path: str | os.PathLike[str]) -> int:
    """Open a file named by the application itself; links are followed.

    Raises FileNotFoundError where there is no regular file.
    """
    try:
        return _regular(os.open(path, _READ | _NO_WAIT))
    except IsADirectoryError:
        raise FileNotFoundError(f"{os.fspath(path)} is not a file") from None


def _regular(descriptor: int) -> int:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError("not a file")
    return descriptor
