"""Changed files: by watchfiles where it is installed, else by looking at their times.

`dev` iterates `changes`; what is no source, setting, template or static file of an app is left out.
Settings lie in the working directory, which may be large: of it only their files are looked at.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["changes", "is_shown", "is_watched", "poll"]

TICK = 0.2
"""Seconds after which an empty set says that nothing has changed."""

SHOWN = {".css", ".htm", ".html", ".j2", ".jinja", ".jinja2", ".js", ".md", ".mjs", ".txt", ".xml"}
SHOWN |= {".avif", ".gif", ".ico", ".jpeg", ".jpg", ".png", ".svg", ".webp", ".woff2"}
"""Suffixes of templates and static files: they are read anew by the process that is there."""

Snapshot = dict[Path, tuple[int, int]]
"""Time and size of files."""

_SKIPPED = {"__pycache__", "instance", "node_modules", "site-packages", "venv"}


def changes(folders: Iterable[Path], is_stopped: Callable[[], bool]) -> Iterator[set[Path]]:
    """Yield the files that have changed since this was called, or an empty set every tick.

    These are Python and settings files, catalogs, templates and static files below `folders`, and
    the settings of the working directory.
    """
    folders = list(folders)
    here = Path.cwd()
    settings = [] if any(map(here.is_relative_to, folders)) else [here]
    return follow(folders, settings, is_stopped, snapshot(folders, sources_of))


def follow(
    folders: list[Path], settings: list[Path], is_stopped: Callable[[], bool], before: Snapshot
) -> Iterator[set[Path]]:
    """Yield changes; `before` is the state of the files when nobody watched yet."""
    known = snapshot(settings, settings_of)
    missed: Snapshot | None = before
    for changed in watch(folders, is_stopped):
        if is_stopped():
            return
        if missed is not None:
            changed |= difference(missed, snapshot(folders, sources_of))
            missed = None
        now = snapshot(settings, settings_of)
        yield changed | difference(known, now)
        known = now


def watch(folders: list[Path], is_stopped: Callable[[], bool]) -> Iterator[set[Path]]:
    """Yield the files below `folders` that have changed.

    Of a new folder what is in it: it was written before anybody watched that folder.
    """
    try:
        import watchfiles
    except ImportError:
        yield from poll(folders, is_stopped)
        return
    for changed in watchfiles.watch(
        *folders,
        watch_filter=lambda _change, path: concerns(Path(path), folders),
        step=20,
        rust_timeout=int(TICK * 1000),
        yield_on_timeout=True,
        ignore_permission_denied=True,
    ):
        paths = [Path(path) for _, path in changed]
        yield {one for path in paths for one in (sources_of(path) if path.is_dir() else [path])}


def poll(
    folders: Iterable[Path], is_stopped: Callable[[], bool], tick: float = TICK
) -> Iterator[set[Path]]:
    """Do the same by comparing times and sizes."""
    known = snapshot(folders, sources_of)
    while not is_stopped():
        time.sleep(tick)
        now = snapshot(folders, sources_of)
        yield difference(known, now)
        known = now


def snapshot(folders: Iterable[Path], files_of: Callable[[Path], Iterable[Path]]) -> Snapshot:
    """Return the state of the watched files."""
    found: Snapshot = {}
    for path in (path for folder in folders for path in files_of(folder)):
        with suppress(OSError):  # gone since it was listed
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def difference(before: Snapshot, after: Snapshot) -> set[Path]:
    """Return the files that are new, gone or changed."""
    return {path for path, _ in before.items() ^ after.items()}


def sources_of(folder: Path) -> Iterator[Path]:
    """Yield the watched files below a folder."""
    for root, inner, files in os.walk(folder):
        inner[:] = [name for name in inner if not is_skipped(name)]
        yield from (Path(root, name) for name in files if has_watched_name(name))


def settings_of(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder that settings are read from."""
    yield from (folder / ".env", folder / "pyproject.toml", *folder.glob("gambrel*.toml"))


def is_watched(path: Path, folders: Iterable[Path]) -> bool:
    """Tell whether a change of a file is one of the app."""
    folder = next((folder for folder in folders if path.is_relative_to(folder)), path.parent)
    above = path.relative_to(folder).parts[:-1]
    return has_watched_name(path.name) and not any(map(is_skipped, above))


def concerns(path: Path, folders: Iterable[Path]) -> bool:
    """Tell whether a change of a file, or of what is in a folder, may be one of the app."""
    return is_watched(path, folders) or (is_watched(path / "any.py", folders) and path.is_dir())


def has_watched_name(name: str) -> bool:
    """Tell whether a file of this name is one of an app; editors' own copies are none."""
    if name.endswith(".toml") or name == ".env":
        return True
    is_kind = name.endswith((".py", ".mo", ".po")) or is_shown(name)
    return is_kind and not name.startswith((".", "#"))


def is_shown(name: str) -> bool:
    """Tell whether a file of this name is a template or a static file."""
    return os.path.splitext(name)[1].lower() in SHOWN  # noqa: PTH122 - of very many names


def is_skipped(folder: str) -> bool:
    """Tell whether a folder holds nothing of the app's own."""
    return folder.startswith(".") or folder in _SKIPPED
