"""States of files: what one is at a moment, in memory where it is small enough.

Read in threads; the loop only ever sees what is here.
"""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from gambrel.files.response import guess_media_type
from gambrel.files.static.codings import SUFFIXES, pack, shrinks
from gambrel.files.static.folders import Folders
from gambrel.files.static.hashed import digest_of

__all__ = ["HASHED", "LARGE", "State", "read_state"]

LARGE = 1024 * 1024
"""Bytes above which a file is streamed from the disk, and not kept."""
HASHED = 16 * LARGE
"""Bytes above which a file has no digest: reading all of it would take too long."""


class State(Struct):
    """One state of a file, found as `inner` in the folder `root`.

    `content` is None for a large file. `packed` are its other codings, the smallest first: bytes,
    or for a large file None for one that lies beside it.
    """

    root: str
    inner: str
    stamp: tuple[int, int, int]
    modified: datetime
    size: int
    media_type: str
    content: bytes | None = None
    digest: str = ""
    packed: dict[str, bytes | None] = {}

    @property
    def weight(self) -> int:
        """The bytes it takes in memory."""
        return len(self.content or b"") + sum(len(body or b"") for body in self.packed.values())


def read_state(
    folders: Folders, name: str, known: State | None = None, *, packs: bool = True
) -> State:
    """Return the state of a file; `known` itself where nothing has changed since. Blocks.

    With `packs` it has compressed forms: those that lie beside it, or gzip made here.

    Raises FileNotFoundError.
    """
    descriptor, folder = folders.open(name)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        facts = os.fstat(descriptor)
        stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        root = os.fspath(folder.path)
        if known is not None and (known.root, known.stamp) == (root, stamp):
            return known
        state = State(
            root,
            folder.inside(name) or name,
            stamp,
            datetime.fromtimestamp(facts.st_mtime, UTC),
            facts.st_size,
            guess_media_type(Path(name).name),
        )
        if facts.st_size <= LARGE:
            content = bytes(file.read(LARGE + 1) or b"")
            state.content, state.size = content, len(content)
            state.digest = digest_of(content)
        elif facts.st_size <= HASHED:
            state.digest = hashlib.file_digest(file, "sha256").hexdigest()
    if packs and shrinks(state.media_type):
        state.packed = find_packed(folders, name, state)
    return state


def find_packed(folders: Folders, name: str, state: State) -> dict[str, bytes | None]:
    """Return the compressed forms of a state, the smallest first."""
    found: list[tuple[int, str, bytes | None]] = []
    for coding, suffix in SUFFIXES.items():
        try:
            descriptor, folder = folders.open(name + suffix)
        except FileNotFoundError:
            continue
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            facts = os.fstat(descriptor)
            # An older one is a leftover of another content.
            if os.fspath(folder.path) != state.root or facts.st_mtime_ns < state.stamp[0]:
                continue
            body = None if state.content is None else file.read()
            found.append((facts.st_size, coding, body))
    if not found and state.content is not None:
        body = pack(state.content, "gzip")
        found += [] if body is None else [(len(body), "gzip", body)]
    return {coding: body for _, coding, body in sorted(found, key=lambda one: one[:2])}
