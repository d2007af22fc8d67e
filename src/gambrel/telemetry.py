"""What batteries tell of themselves to whoever watches an app: figures, and work that was done.

Those that tell and those that show do not know each other: they meet at these two Points, by
`gambrel.extend`. Where nobody shows anything, nothing is asked.
"""

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from gambrel.core.app.points import Point

__all__ = ["FIGURES", "WORK", "Describe", "Figure"]


class Figure(Struct, frozen=True):
    """A number that can be read at any time: what only grows is a counter, else it is a gauge.

    Its name is one for Prometheus: small letters and `_`; that of a counter ends in `_total`.
    """

    name: str
    help: str
    read: Callable[[], float]
    kind: Literal["counter", "gauge"] = "gauge"


Describe = Callable[[], tuple[str, dict[str, Any]]]
"""Gives the name of work and its attributes, by the semantic conventions of OpenTelemetry."""

FIGURES: Point[Figure] = Point("figure", key=lambda figure: figure.name)
"""What a battery counts or measures; metrics show it."""
WORK: Point[Callable[[Describe, float, BaseException | None], None]] = Point("hearer of work")
"""Hears of work at others, a statement of a database say, once it has ended:
`hear(describe, seconds, error)`.

It is called where the work was done, in the context of the request it was done for, in threads too.
`describe` is called by who wants to know. Values of users are in none of it.
"""
