"""Predicates: `when=accept("text/html")` chooses between routes of one path and method.

Declared on routes and groups; only requests to such routes pay for them. A predicate tells how
well a request suits it, so that the better of two representations wins.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable


@runtime_checkable
class Predicate(Protocol):
    """How well a request suits, from 0 (not at all) to 1; `status` answers where it does not.

    Equal predicates make two routes conflict, so a predicate is best a frozen dataclass.
    """

    status: int

    def score(self, request: Any) -> float:
        """Return how well `request` suits."""


@dataclass(frozen=True)
class header:  # noqa: N801 - reads as a verb phrase in when=
    """The header `name` is there, or has one of `values`."""

    name: str
    values: tuple[str, ...]
    status: ClassVar[int] = 404

    def __init__(self, name: str, *values: str) -> None:
        object.__setattr__(self, "name", name.lower())
        object.__setattr__(self, "values", values)

    def score(self, request: Any) -> float:
        """Return 1 where the header suits."""
        value = request.headers.get(self.name)
        return float(value is not None and (not self.values or value in self.values))
