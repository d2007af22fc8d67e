"""The figures of metrics as plain data: taken at one moment, and added to those of others."""

from collections.abc import Iterable
from copy import copy

from msgspec import Struct

from gambrel.observability.metrics.kinds import OTHER, SERIES, Gauge, Histogram, Key, Metric, Value

__all__ = ["Figures", "Snapshot", "add_all", "snapshot_of", "together"]


class Figures(Struct, frozen=True):
    """Those of one metric: numbers by the values of its labels, or the counts of a histogram.

    Only what has the same `kind`, `labels` and `bounds` is added up.
    """

    kind: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...]
    series: list[tuple[Key, float | list[float]]]

    @property
    def shape(self) -> tuple[object, ...]:
        """What figures must have in common to be added up."""
        return self.kind, self.labels, self.bounds

    def plus(self, other: "Figures", across: str = "sum") -> "Figures":
        """Return figures with those of another added; or the least or largest of each.

        Of more series than a metric has, the rest is added to `other`.
        """
        found = dict(self.series)
        for key, value in other.series:
            if key not in found and len(found) >= SERIES:
                key = (OTHER,) * len(key)
            known = found.get(key)
            found[key] = value if known is None else joined(known, value, across)
        return Figures(self.kind, self.labels, self.bounds, list(found.items()))


Snapshot = dict[str, Figures]
"""The figures of each metric by its name."""


def joined(
    one: float | list[float], other: float | list[float], across: str
) -> float | list[float]:
    """Return two values of one series as one."""
    if isinstance(one, list) or isinstance(other, list):
        pairs = zip(one, other, strict=False)  # type: ignore[arg-type]  # of one shape
        return [first + second for first, second in pairs]
    return {"sum": one + other, "min": min(one, other)}.get(across, max(one, other))


def snapshot_of(metrics: Iterable[Metric]) -> Snapshot:
    """Return the figures of metrics."""
    found: Snapshot = {}
    for metric in metrics:
        series: list[tuple[Key, float | list[float]]] = []
        bounds: tuple[float, ...] = ()
        if isinstance(metric, Histogram):
            if metric.refresh is not None:
                metric.refresh()
            bounds, series = metric.bounds, [(key, [*n]) for key, n in list(metric.counts.items())]
        elif isinstance(metric, Value):
            series = [(key, value) for _, _, key, value in metric.samples()]
        else:
            continue
        found[metric.name] = Figures(metric.kind, metric.labels, bounds, series)
    return found


def add_all(snapshot: Snapshot, more: Snapshot) -> None:
    """Add figures to those of a snapshot; those of another shape take their place."""
    for name, figures in more.items():
        known = snapshot.get(name)
        is_alike = known is not None and known.shape == figures.shape
        snapshot[name] = known.plus(figures) if known is not None and is_alike else figures


def together(metric: Metric, own: Snapshot, totals: Snapshot, others: Iterable[Snapshot]) -> Metric:
    """Return a metric with its own figures and those of others."""
    figures = own.get(metric.name)
    if figures is None:
        return metric
    for other in others:
        theirs = other.get(metric.name)
        if theirs is not None and theirs.shape == figures.shape:
            figures = figures.plus(theirs, getattr(metric, "across", "sum"))
    past = None if isinstance(metric, Gauge) else totals.get(metric.name)
    if past is not None and past.shape == figures.shape:
        figures = figures.plus(past)
    merged = copy(metric)
    merged.refresh = None
    if isinstance(merged, Histogram):
        merged.counts = {key: n for key, n in figures.series if isinstance(n, list)}
    elif isinstance(merged, Value):
        merged.read = None
        merged.values = {key: n for key, n in figures.series if not isinstance(n, list)}
    return merged
