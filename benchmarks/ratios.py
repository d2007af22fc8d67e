"""Ratios paired within a round, and their bootstrap 95 % interval.

Noise that lasts longer than a round cancels out in them.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.results import Sample

RESAMPLES = 4000


def pairs(samples: Iterable[Sample], reference: Iterable[Sample]) -> list[float]:
    """Cost over the reference's cost, for each round that has both."""
    base = {sample.round: sample.cost for sample in reference}
    return [sample.cost / base[sample.round] for sample in samples if sample.round in base]


def differences(samples: Iterable[Sample], reference: Iterable[Sample]) -> list[float]:
    """Cost beyond the reference's cost, for each round that has both."""
    base = {sample.round: sample.cost for sample in reference}
    return [sample.cost - base[sample.round] for sample in samples if sample.round in base]


def interval(ratios: Sequence[float]) -> tuple[float, float]:
    """The bootstrap 95 % interval of the median, always the same for the same ratios."""
    chance = random.Random(0)
    medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    return medians[RESAMPLES // 40], medians[-RESAMPLES // 40 - 1]


def show(ratios: Sequence[float]) -> str:
    """The median and, from two rounds on, its interval."""
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}" if ratios else "?"
    low, high = interval(ratios)
    return f"{median(ratios):.2f} [{low:.2f}, {high:.2f}]"
