import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import GambrelError
from gambrel.observability.metrics.kinds import SERIES, Counter, Gauge, Histogram, render, show


def test_a_counter_counts_by_its_labels():
    orders = Counter("orders_total", "Orders placed.", labels=["kind"])
    orders.inc(kind="web")
    orders.inc(2, kind="web")
    orders.inc(0.5, kind="phone")

    assert render([orders]).splitlines() == [
        "# HELP orders_total Orders placed.",
        "# TYPE orders_total counter",
        'orders_total{kind="web"} 3',
        'orders_total{kind="phone"} 0.5',
    ]


def test_a_counter_without_labels_begins_at_nothing():
    assert render([Counter("x_total", "X.")]).splitlines()[-1] == "x_total 0"


def test_a_gauge_goes_up_and_down_or_is_read():
    length = Gauge("queue", "Length.")
    length.set(5)
    length.inc(-2)

    shown = render([length, Gauge("pi", "Pi.", read=lambda: 3.14)])

    assert "queue 3\n" in shown
    assert "pi 3.14\n" in shown


def test_a_histogram_adds_up():
    sizes = Histogram("size", "Sizes.", labels=["kind"], bounds=[1, 10])
    for value in (0.5, 1, 5, 100):
        sizes.observe(value, kind="a")

    assert render([sizes]).splitlines()[2:] == [
        'size_bucket{kind="a",le="1"} 2',
        'size_bucket{kind="a",le="10"} 3',
        'size_bucket{kind="a",le="+Inf"} 4',
        'size_sum{kind="a"} 106.5',
        'size_count{kind="a"} 4',
    ]


@given(st.text(), st.text())
def test_no_value_and_no_help_breaks_a_line(value, text):
    metric = Counter("x_total", text, labels=["a"])
    metric.inc(a=value)

    *lines, last = render([metric]).split("\n")

    assert last == ""
    assert [line.partition(" ")[0] for line in lines[:2]] == ["#", "#"]
    assert lines[2].startswith('x_total{a="')
    assert lines[2].endswith('"} 1')
    assert len(lines) == 3


def test_labels_without_end_are_counted_together():
    hits = Counter("hits_total", "Hits.", labels=["who"])
    for number in range(SERIES + 50):
        hits.inc(who=number)

    assert len(hits.values) == SERIES + 1
    assert hits.values["other",] == 50


@pytest.mark.parametrize("labels", [{}, {"kind": "a", "more": "b"}, {"other": "a"}])
def test_wrong_labels_are_a_mistake(labels):
    with pytest.raises(TypeError, match="orders_total has the labels kind"):
        Counter("orders_total", "Orders.", labels=["kind"]).inc(**labels)


def test_a_counter_does_not_go_back():
    with pytest.raises(ValueError, match="does not go back"):
        Counter("x_total", "X.").inc(-1)


@pytest.mark.parametrize(
    ("name", "labels"), [("a b", ()), ("", ()), ("1a", ()), ("a", ["x-y"]), ("a", ["__x"])]
)
def test_a_name_that_is_none_is_refused(name, labels):
    with pytest.raises(GambrelError, match=r"\[observability.metric\]"):
        Counter(name, "X.", labels=labels)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back(value):
    assert math.isclose(float(show(value)), value)
