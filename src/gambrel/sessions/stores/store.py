"""What a store of sessions does. Its values are bytes: it knows nothing of what they mean."""

from collections.abc import Collection, Mapping
from typing import Protocol

__all__ = ["Store"]


class Store(Protocol):
    """Keeps records by a key, each for some seconds. A change is made as a whole, or not at all.

    Only the names that are given change: two requests that change different ones lose nothing.
    One with a method `prepare(setup)` is given the setup of the app, one with `close()` is closed.
    """

    async def load(self, key: str) -> Mapping[str, bytes] | None:
        """Return a record, None where there is none of that key."""
        ...

    async def create(self, key: str, record: Mapping[str, bytes], seconds: int) -> None:
        """Keep a new record."""
        ...

    async def update(
        self, key: str, changed: Mapping[str, bytes], gone: Collection[str], seconds: int
    ) -> bool:
        """Change a record, and return whether there still was one: none comes back by this."""
        ...

    async def end(self, key: str) -> bool:
        """Forget a record, and return whether there was one."""
        ...
