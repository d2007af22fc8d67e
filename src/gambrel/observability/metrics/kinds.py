"""Counters, gauges and histograms: values by their labels, and their lines for Prometheus.

The format is version 0.0.4 of the text exposition. Nothing here knows an app.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from gambrel.core.http.errors import GambrelError

__all__ = ["SECONDS", "Counter", "Gauge", "Histogram", "Metric", "render"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for how long an answer takes."""
SERIES = 1_000
"""Series of one metric; further labels are counted under `other`."""
OTHER = "other"
_NAME, _LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r"[a-zA-Z_][a-zA-Z0-9_]*"
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Key = tuple[str, ...]


class Metric:
    """A name, what it tells, and the names of its labels.

    There are at most 1,000 series: labels beyond are counted as `other`, so that a client cannot
    fill the memory with values of its own.

    Raises:
        GambrelError: The name, or that of a label, is none for Prometheus.
    """

    kind = ""

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:  # noqa: A002 - its name there
        bad = [text for text in labels if not re.fullmatch(_LABEL, text) or text.startswith("__")]
        if not re.fullmatch(_NAME, name) or bad:
            what = f"{(bad or [name])[0]!r} cannot name a metric or a label"
            hint = "use letters, digits and _: Counter('shop_orders_total', '…', labels=['kind'])"
            raise GambrelError("observability.metric", what, hint=hint)
        self.name = name
        self.help = help
        self.labels = tuple(labels)

    def key(
        self, labels: dict[str, object], known: "dict[Key, float] | dict[Key, list[float]]"
    ) -> Key:
        """Return where the value of some labels is kept. Raises TypeError for wrong labels."""
        if labels.keys() != set(self.labels):
            raise TypeError(f"{self.name} has the labels {', '.join(self.labels) or '(none)'}")
        key = tuple([str(labels[name]) for name in self.labels])
        return key if key in known or len(known) < SERIES else (OTHER,) * len(key)

    def samples(self) -> Iterator[tuple[str, Key, Key, float]]:
        """Yield suffix, further label and its value, label values, and the value."""
        raise NotImplementedError


class Value(Metric):
    """One number for each set of labels; with `read`, what that function returns when asked."""

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002
        labels: Sequence[str] = (),
        *,
        read: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(name, help, labels)
        self.values: dict[Key, float] = {} if self.labels else {(): 0.0}
        self.read = read

    def inc(self, amount: float = 1.0, **labels: object) -> None:
        """Add to the value."""
        key = self.key(labels, self.values)
        self.values[key] = self.values.get(key, 0.0) + amount

    def samples(self) -> Iterator[tuple[str, Key, Key, float]]:
        """Yield the values."""
        values = list(self.values.items()) if self.read is None else [((), float(self.read()))]
        for key, value in values:
            yield "", (), key, value


class Counter(Value):
    """What only grows: requests, orders, bytes. By custom its name ends in `_total`."""

    kind = "counter"

    def inc(self, amount: float = 1.0, **labels: object) -> None:
        """Count. Raises ValueError for less than nothing."""
        if amount < 0:
            raise ValueError(f"a counter does not go back: {amount}")
        super().inc(amount, **labels)


class Gauge(Value):
    """What goes up and down: a temperature, the length of a queue; `inc(-1)` takes away."""

    kind = "gauge"

    def set(self, value: float, **labels: object) -> None:
        """Set the value."""
        self.values[self.key(labels, self.values)] = value


class Histogram(Metric):
    """How values spread: how many are at most each of some bounds, their number and their sum."""

    kind = "histogram"

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002
        labels: Sequence[str] = (),
        *,
        bounds: Sequence[float] = SECONDS,
    ) -> None:
        super().__init__(name, help, labels)
        self.bounds = tuple(sorted(bounds))
        self.counts: dict[Key, list[float]] = {}

    def observe(self, value: float, **labels: object) -> None:
        """Note a value."""
        series = self.series(self.key(labels, self.counts))
        series[bisect_left(self.bounds, value)] += 1
        series[-1] += value

    def series(self, key: Key) -> list[float]:
        """Return the counts of some labels: one for each bound, one beyond, and the sum."""
        found = self.counts.get(key)
        if found is None:
            found = self.counts[key] = [0.0] * (len(self.bounds) + 2)
        return found

    def samples(self) -> Iterator[tuple[str, Key, Key, float]]:
        """Yield the buckets, which add up, the sum and the number."""
        for key, found in list(self.counts.items()):
            *counts, total = found
            sums = list(accumulate(counts))
            for bound, number in zip((*map(show, self.bounds), "+Inf"), sums, strict=True):
                yield "_bucket", ("le", bound), key, number
            yield "_sum", (), key, total
            yield "_count", (), key, sums[-1]


def render(metrics: Iterable[Metric]) -> str:
    """Return the lines for Prometheus."""
    lines: list[str] = []
    for metric in metrics:
        text = metric.help.replace("\\", r"\\").replace("\n", r"\n")
        lines += [f"# HELP {metric.name} {text}", f"# TYPE {metric.name} {metric.kind}"]
        for suffix, more, key, value in metric.samples():
            pairs = [*zip(metric.labels, key, strict=True), *([more] if more else [])]
            shown = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in pairs)
            labels = f"{{{shown}}}" if shown else ""
            lines.append(f"{metric.name}{suffix}{labels} {show(value)}")
    return "\n".join([*lines, ""])


def show(value: float) -> str:
    """Return a number as Prometheus reads it."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
