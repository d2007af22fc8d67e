import pytest

from gambrel.observability.metrics.figures import add_all, snapshot_of, together
from gambrel.observability.metrics.kinds import Counter, Gauge, Histogram, Metric


def shop(orders: int, waiting: float, *seconds: float) -> list[Metric]:
    counter = Counter("orders_total", "Orders.", ["kind"])
    counter.inc(orders, kind="book")
    gauge = Gauge("waiting", "Waiting.", across="max")
    gauge.set(waiting)
    histogram = Histogram("seconds", "How long.", bounds=[1, 10])
    for value in seconds:
        histogram.observe(value)
    return [counter, gauge, histogram]


def test_a_snapshot_does_not_change_with_its_metrics():
    metrics = shop(1, 2, 0.5)
    before = snapshot_of(metrics)
    for metric in metrics:
        if isinstance(metric, Histogram):
            metric.observe(3)

    assert before["seconds"].series == [((), [1.0, 0.0, 0.0, 0.5])]


def test_figures_of_others_and_of_the_past_are_added_and_gauges_have_no_past():
    metrics = shop(1, 2, 0.5)
    own, other, past = (snapshot_of(shop(n, n, n)) for n in (1, 3, 7))

    counter, gauge, histogram = (together(one, own, past, [other]) for one in metrics)

    assert [value for *_, value in counter.samples()] == [11]
    assert [value for *_, value in gauge.samples()] == [3]
    assert [value for *_, value in histogram.samples()] == [1, 3, 3, 11, 3]
    assert [value for *_, value in metrics[0].samples()] == [1]


@pytest.mark.parametrize(
    "changed",
    [
        Counter("seconds", "Another kind."),
        Histogram("seconds", "Other bounds.", bounds=[1, 5]),
        Histogram("seconds", "Other labels.", ["kind"], bounds=[1, 10]),
    ],
)
def test_only_what_has_one_shape_is_added(changed):
    if isinstance(changed, Histogram) and not changed.labels:
        changed.observe(1)
    own, other = snapshot_of(shop(1, 1, 0.5)), snapshot_of([changed])

    assert together(shop(0, 0)[2], own, other, [other]).samples().__next__()[-1] == 1
    add_all(own, other)
    assert own["seconds"] == other["seconds"]
