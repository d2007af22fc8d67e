"""Changed files: by watchfiles where it is installed, else by looking at their times.

`dev` iterates `changes`; what is not source or settings of an app is left out.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

__all__ = ["changes", "is_watched", "poll"]

TICK = 0.2
"""Seconds after which an empty set says that nothing has changed."""

_SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv"}


def changes(folders: Iterable[Path], is_stopped: Callable[[], bool]) -> Iterator[set[Path]]:
    """Yield the files below `folders` that have changed, or an empty set every tick."""
    folders = list(folders)
    try:
        import watchfiles
    except ImportError:
        yield from poll(folders, is_stopped)
        return
    found = watchfiles.watch(
        *folders,
        watch_filter=lambda _change, path: is_watched(Path(path), folders),
        step=20,
        rust_timeout=int(TICK * 1000),
        yield_on_timeout=True,
    )
    for changed in found:
        if is_stopped():
            return
        yield {Path(path) for _, path in changed}


def poll(
    folders: Iterable[Path], is_stopped: Callable[[], bool], tick: float = TICK
) -> Iterator[set[Path]]:
    """Do the same by comparing times and sizes."""
    known = snapshot(folders)
    while not is_stopped():
        time.sleep(tick)
        now = snapshot(folders)
        changed = {path for path, _ in known.items() ^ now.items()}
        known = now
        yield changed


def snapshot(folders: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """Return time and size of every watched file."""
    found: dict[Path, tuple[int, int]] = {}
    for folder in folders:
        for path in walk(folder):
            try:
                status = path.stat()
            except OSError:  # gone since it was listed
                continue
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def walk(folder: Path) -> Iterator[Path]:
    """Yield the watched files below a folder."""
    for root, inner, files in os.walk(folder):
        inner[:] = [name for name in inner if not is_skipped(name)]
        yield from (Path(root, name) for name in files if has_watched_name(name))


def is_watched(path: Path, folders: Iterable[Path]) -> bool:
    """Tell whether a change of a file is one of the app: Python, or settings."""
    folder = next((folder for folder in folders if path.is_relative_to(folder)), path.parent)
    above = path.relative_to(folder).parts[:-1]
    return has_watched_name(path.name) and not any(map(is_skipped, above))


def has_watched_name(name: str) -> bool:
    """Tell whether a file of this name is source or settings; editors' own copies are neither."""
    is_settings = name.endswith(".toml") or name == ".env"
    return is_settings or (name.endswith(".py") and not name.startswith((".", "#")))


def is_skipped(folder: str) -> bool:
    """Tell whether a folder holds nothing of the app's own."""
    return folder.startswith(".") or folder in _SKIPPED
