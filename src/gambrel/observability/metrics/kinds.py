"""Counters, gauges and histograms: values by their labels, and their lines for Prometheus.

The format is version 0.0.4 of the text exposition. Nothing here knows an app.
"""

import logging
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Literal

from gambrel.core.http.errors import GambrelError
from gambrel.telemetry import Figure

__all__ = [
    "SECONDS",
    "Counter",
    "Gauge",
    "Histogram",
    "Key",
    "Metric",
    "Value",
    "distinct",
    "metric_of",
    "render",
]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for how long an answer takes."""
SERIES = 1_000
"""Series of one metric; further labels are counted under `other`."""
OTHER = "other"
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_TAKEN = frozenset({"self", "amount", "value"})
"""Labels are given by name, beside these parameters."""
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_log = logging.getLogger("gambrel.metrics")

Key = tuple[str, ...]
Sample = tuple[str, Key, Key, float]
"""Suffix of the name, a further label and its value, the values of the labels, and the value."""


class Metric:
    """A name, what it tells, and the names of its labels.

    There are at most 1,000 series: labels beyond are counted as `other`, so that a client cannot
    fill the memory with values of its own.

    Raises:
        GambrelError: The name, or that of a label, is none for Prometheus, or none for us.
    """

    kind = ""
    suffixes: tuple[str, ...] = ("",)
    """What the names of its series end in."""
    taken = _TAKEN
    """What no label may be called."""
    refresh: Callable[[], object] | None = None
    """Called before the figures are read, by whoever counts elsewhere."""

    def __init__(self, name: str, help: str, labels: Sequence[str] = ()) -> None:  # noqa: A002 - its name there
        if not _NAME.fullmatch(name):
            raise refused(f"{name!r} cannot name a metric", "use letters, digits and _")
        self.name = name
        self.help = encodable(help)
        self.labels = tuple(labels)
        self.check_labels(labels)

    def check_labels(self, labels: Sequence[str]) -> None:
        """Raise GambrelError where labels cannot be called that."""
        if isinstance(labels, str):
            raise refused(f"{self.name} has labels={labels!r}", f"write labels=[{labels!r}]")
        for number, label in enumerate(labels):
            if label in self.taken:
                what = f"{self.name} has a label {label!r}, which means something else there"
                raise refused(what, f"call it {label}_, or something that says more")
            if label in labels[:number]:
                raise refused(f"{self.name} has the label {label!r} twice", "leave one out")
            if not _LABEL.fullmatch(label):
                what = f"{self.name} has a label {label!r}, which is no name of one"
                raise refused(what, "use letters, digits and _, and no __ in front")

    def key(
        self, labels: dict[str, object], known: "dict[Key, float] | dict[Key, list[float]]"
    ) -> Key:
        """Return where the value of some labels is kept. Raises TypeError for wrong labels."""
        if labels.keys() != set(self.labels):
            raise TypeError(f"{self.name} has the labels {', '.join(self.labels) or '(none)'}")
        key = tuple([str(labels[name]) for name in self.labels])
        if key in known:
            return key
        key = tuple([encodable(text) for text in key])
        return key if key in known or len(known) < SERIES else (OTHER,) * len(key)

    def samples(self) -> Iterator[Sample]:
        """Yield what there is now."""
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
        if read is not None and self.labels:
            raise refused(f"{name} has labels and is read", "leave out one of them")
        self.values: dict[Key, float] = {} if self.labels else {(): 0.0}
        self.read = read
        self.has_failed = False

    def inc(self, amount: float = 1.0, **labels: object) -> None:
        """Add to the value."""
        key = self.key(labels, self.values)
        self.values[key] = self.values.get(key, 0.0) + amount

    def samples(self) -> Iterator[Sample]:
        """Yield the values; nothing where they cannot be read, which is logged once."""
        if self.refresh is not None:
            self.refresh()
        if self.read is not None:
            try:
                self.values[()] = float(self.read())
                self.has_failed = False
            except Exception:
                if not self.has_failed:
                    _log.exception("the metric %s cannot be read, and is left out", self.name)
                self.has_failed = True
                return
        for key, value in list(self.values.items()):
            yield "", (), key, value


class Counter(Value):
    """What only grows: requests, orders, bytes. By custom its name ends in `_total`."""

    kind = "counter"

    def inc(self, amount: float = 1.0, **labels: object) -> None:
        """Count. Raises ValueError for what is no number from 0."""
        if not 0 <= amount < math.inf:
            raise ValueError(f"{self.name} counts what is added, and {amount} cannot be")
        super().inc(amount, **labels)


class Gauge(Value):
    """What goes up and down: a temperature, the length of a queue; `inc(-1)` takes away.

    With several workers the figure shown is their `"sum"`, or the `"max"` or `"min"` of `across`.
    """

    kind = "gauge"

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002
        labels: Sequence[str] = (),
        *,
        read: Callable[[], float] | None = None,
        across: Literal["sum", "max", "min"] = "sum",
    ) -> None:
        super().__init__(name, help, labels, read=read)
        self.across = across

    def set(self, value: float, **labels: object) -> None:
        """Set the value. Raises ValueError or TypeError for what is no number."""
        self.values[self.key(labels, self.values)] = float(value)


class Histogram(Metric):
    """How values spread: how many are at most each of some bounds, their number and their sum.

    Raises:
        GambrelError: The bounds are not numbers from 0, each larger than the one before.
    """

    kind = "histogram"
    suffixes = ("_bucket", "_sum", "_count")
    taken = _TAKEN | {"le"}

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002
        labels: Sequence[str] = (),
        *,
        bounds: Sequence[float] = SECONDS,
    ) -> None:
        super().__init__(name, help, labels)
        self.bounds = tuple(bounds)
        is_rising = all(one < other for one, other in pairwise(self.bounds))
        if (
            not self.bounds
            or not is_rising
            or not 0 <= self.bounds[0] <= self.bounds[-1] < math.inf
        ):
            what = f"{name} has the bounds {list(bounds)}"
            raise refused(what, "use numbers from 0, each larger than the one before")
        self.counts: dict[Key, list[float]] = {}

    def observe(self, value: float, **labels: object) -> None:
        """Note a value. Raises ValueError for what is no number from 0."""
        if not 0 <= value < math.inf:
            raise ValueError(f"{self.name} has no place for {value}")
        series = self.series(self.key(labels, self.counts))
        series[-1] += value
        series[bisect_left(self.bounds, value)] += 1

    def series(self, key: Key) -> list[float]:
        """Return the counts of some labels: one for each bound, one beyond, and the sum."""
        found = self.counts.get(key)
        if found is None:
            found = self.counts[key] = [0.0] * (len(self.bounds) + 2)
        return found

    def samples(self) -> Iterator[Sample]:
        """Yield the buckets, which add up, the sum and the number."""
        if self.refresh is not None:
            self.refresh()
        for key, found in list(self.counts.items()):
            *counts, total = found
            sums = list(accumulate(counts))
            for bound, number in zip((*map(show, self.bounds), "+Inf"), sums, strict=True):
                yield "_bucket", ("le", bound), key, number
            yield "_sum", (), key, total
            yield "_count", (), key, sums[-1]


def metric_of(figure: Figure) -> Metric:
    """Return what a battery tells of itself as a metric."""
    kind = Counter if figure.kind == "counter" else Gauge
    return kind(figure.name, figure.help, read=figure.read)


def distinct(metrics: Iterable[Metric]) -> list[Metric]:
    """Return metrics as they are. Raises GambrelError where two have series of one name."""
    found: list[Metric] = []
    owners: dict[str, str] = {}
    for metric in metrics:
        for name in {metric.name, *(metric.name + suffix for suffix in metric.suffixes)}:
            if name in owners:
                what = f"{metric.name} and {owners[name]} both have series called {name}"
                raise refused(what, "rename one")
            owners[name] = metric.name
        found.append(metric)
    return found


def render(metrics: Iterable[Metric]) -> str:
    """Return the lines for Prometheus; a metric without values has none."""
    lines: list[str] = []
    for metric in metrics:
        told: list[str] = []
        for suffix, more, key, value in metric.samples():
            pairs = [*zip(metric.labels, key, strict=True), *([more] if more else [])]
            shown = ",".join(f'{name}="{text.translate(_ESCAPES)}"' for name, text in pairs)
            labels = f"{{{shown}}}" if shown else ""
            told.append(f"{metric.name}{suffix}{labels} {show(value)}")
        if told:
            text = metric.help.replace("\\", r"\\").replace("\n", r"\n")
            lines += [f"# HELP {metric.name} {text}", f"# TYPE {metric.name} {metric.kind}", *told]
    return "\n".join([*lines, ""])


def show(value: float) -> str:
    """Return a number as Prometheus reads it."""
    if math.isfinite(value):
        is_whole = value == int(value) and abs(value) < 1e15
        return str(int(value)) if is_whole else repr(float(value))
    return "NaN" if math.isnan(value) else f"{value:+}".replace("inf", "Inf")


def encodable(text: str) -> str:
    """Return a text that UTF-8 can have: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def refused(what: str, hint: str) -> GambrelError:
    """Return the error of a metric that cannot be."""
    example = "Counter('shop_orders_total', 'Orders placed.', labels=['kind'])"
    return GambrelError("observability.metric", what, hint=f"{hint}: {example}")
