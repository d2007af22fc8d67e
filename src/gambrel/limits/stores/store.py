"""What keeps counts: one operation, which no other request comes between."""

from collections.abc import Sequence
from typing import Protocol

from gambrel.limits.rates import Rate, Verdict

__all__ = ["Counts"]


class Counts(Protocol):
    """Keeps counts. Of several rates a request is counted by all, or, if one refuses, by none."""

    async def use(self, key: str, rates: Sequence[Rate], cost: float) -> list[Verdict]:
        """Count a request under a key, and return what each rate says of it."""
        ...
