"""How far Gambrel is: the summary and the counts of `docs/parity.md`."""

import re
from collections import Counter
from pathlib import Path

from msgspec import Struct

__all__ = ["Parity", "read_parity"]

SUMMARY = re.compile(r"^\| (?!coming from|---)([^|`]+) \| ([^|`]+) \| ([^|`]+) \|$", re.MULTILINE)
ROW = re.compile(r"^\| A\d+\.\d+ \| .+? \| (yes|partly|not yet|refused) \|", re.MULTILINE)


class Coming(Struct, frozen=True):
    """What somebody finds who comes from another framework."""

    name: str
    here: str
    later: str


class Bar(Struct, frozen=True):
    """A part of a bar that is a hundred wide."""

    state: str
    count: int
    start: float
    width: float


class Parity(Struct, frozen=True):
    """The table for the hurried, and how many rows are in which state."""

    rows: list[Coming]
    bars: list[Bar]
    total: int


def read_parity(page: Path) -> Parity:
    """Return what the page says."""
    text = page.read_text("utf-8")
    states = Counter(ROW.findall(text))
    bars, start = [], 0.0
    for state in ("yes", "partly", "not yet", "refused"):
        width = 100 * states[state] / states.total()
        bars.append(Bar(state, states[state], round(start, 2), round(width, 2)))
        start += width
    hurried = text[: text.index("\n## A1 ")]
    return Parity([Coming(*found) for found in SUMMARY.findall(hurried)], bars, states.total())
