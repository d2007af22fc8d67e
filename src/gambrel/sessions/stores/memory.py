"""Sessions in the memory of one process: for tests, and for an app that has one worker."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps at most `limit` sessions; of more, those that were used longest ago are forgotten."""

    def __init__(self, limit: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._records: OrderedDict[str, tuple[float, dict[str, bytes]]] = OrderedDict()

    async def load(self, key: str) -> Mapping[str, bytes] | None:
        """Return a record."""
        found = self._found(key)
        return None if found is None else dict(found)

    async def create(self, key: str, record: Mapping[str, bytes], seconds: int) -> None:
        """Keep a new record."""
        self._keep(key, dict(record), seconds)
        while len(self._records) > self.limit:
            self._records.popitem(last=False)

    async def update(
        self, key: str, changed: Mapping[str, bytes], gone: Collection[str], seconds: int
    ) -> bool:
        """Change a record, if there is one."""
        found = self._found(key)
        if found is None:
            return False
        self._keep(
            key, {n: raw for n, raw in {**found, **changed}.items() if n not in gone}, seconds
        )
        return True

    async def end(self, key: str) -> bool:
        """Forget a record, and return whether there was one."""
        return self._records.pop(key, None) is not None

    def __len__(self) -> int:
        return len(self._records)

    def _found(self, key: str) -> dict[str, bytes] | None:
        until, record = self._records.get(key, (0.0, {}))
        if until <= self._clock():
            self._records.pop(key, None)
            return None
        return record

    def _keep(self, key: str, record: dict[str, bytes], seconds: int) -> None:
        self._records[key] = (self._clock() + seconds, record)
        self._records.move_to_end(key)
