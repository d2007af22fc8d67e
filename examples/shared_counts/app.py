"""Numbers that all workers see: each page is counted once, whichever worker has served it.

A file of the app's folder is mapped into the memory of every worker. It needs no service, costs a
microsecond, and is still there after a restart.
"""

import fcntl
import mmap
import struct
from collections.abc import AsyncIterator
from pathlib import Path

from gambrel import App, NotFound

PAGES = ("home", "about", "news")
NUMBER = struct.Struct("=q")


class Counts:
    """One number for each name, in memory that is shared by all who open the same file.

    On the event loop only: the lock keeps other processes away, and not threads of this one.
    """

    def __init__(self, path: Path, names: tuple[str, ...]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.places = {name: at * NUMBER.size for at, name in enumerate(names)}
        self.file = path.open("a+b")
        self.file.truncate(len(names) * NUMBER.size)  # new bytes are zero, the others stay
        self.memory = mmap.mmap(self.file.fileno(), len(names) * NUMBER.size)

    def __getitem__(self, name: str) -> int:
        """Return a number. Raises KeyError for a name that has none."""
        found: int = NUMBER.unpack_from(self.memory, self.places[name])[0]
        return found

    def add(self, name: str, more: int = 1) -> int:
        """Add to a number, and return what it is now. Raises KeyError as above."""
        place = self.places[name]
        fcntl.flock(self.file, fcntl.LOCK_EX)
        try:
            total = self[name] + more
            NUMBER.pack_into(self.memory, place, total)
        finally:
            fcntl.flock(self.file, fcntl.LOCK_UN)
        return total

    def close(self) -> None:
        """Give the memory back."""
        self.memory.close()
        self.file.close()


app = App()


@app.lifespan
async def shared() -> AsyncIterator[Counts]:
    counts = Counts(app.settings.core.instance / "counts", PAGES)
    yield counts
    counts.close()


@app.get("/pages/{name}", responses={404: "There is no such page."})
async def page(name: str, counts: Counts) -> str:
    if name not in PAGES:
        raise NotFound(f"There is no page {name!r}.")
    return f"You are visitor {counts.add(name)} of {name}."


@app.get("/counts")
async def totals(counts: Counts) -> dict[str, int]:
    return {name: counts[name] for name in PAGES}
