import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gambrel import GambrelError
from gambrel.observability.metrics.kinds import (
    SERIES,
    Counter,
    Gauge,
    Histogram,
    distinct,
    render,
    show,
)


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


@pytest.mark.parametrize("value", [-1, -0.001, math.nan, math.inf, -math.inf])
def test_a_counter_and_a_histogram_take_numbers_from_nothing(value):
    counter, histogram = Counter("x_total", "X."), Histogram("size", "Sizes.")

    with pytest.raises(ValueError, match="x_total counts what is added"):
        counter.inc(value)
    with pytest.raises(ValueError, match="size has no place for"):
        histogram.observe(value)

    assert render([counter, histogram]).splitlines()[2:] == ["x_total 0"]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("a b", ()),
        ("", ()),
        ("1a", ()),
        ("a\n", ()),
        ("a", ["x-y"]),
        ("a", ["__x"]),
        ("a", ["x\n"]),
        ("a", ["x", "y", "x"]),
        ("a", ["amount"]),
        ("a", ["value"]),
        ("a", ["self"]),
        ("a", "kind"),
    ],
)
def test_a_name_that_is_none_is_refused(name, labels):
    with pytest.raises(GambrelError, match=r"\[observability.metric\]"):
        Counter(name, "X.", labels=labels)


def test_le_is_the_histogram_s_own_label():
    Counter("x_total", "X.", labels=["le"])

    with pytest.raises(GambrelError, match=r"a label 'le', which means something else"):
        Histogram("size", "Sizes.", labels=["le"])


@pytest.mark.parametrize(
    "bounds", [[], [2, 1], [1, 1], [1, math.inf], [math.nan], [1, math.nan], [-1, 1]]
)
def test_bounds_that_are_none_are_refused(bounds):
    with pytest.raises(GambrelError, match="size has the bounds"):
        Histogram("size", "Sizes.", bounds=bounds)


def test_a_gauge_that_is_read_has_no_labels():
    with pytest.raises(GambrelError, match="queue has labels and is read"):
        Gauge("queue", "Length.", labels=["name"], read=lambda: 1)


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "NaN"), (math.inf, "+Inf"), (-math.inf, "-Inf")]
)
def test_a_gauge_may_be_no_number_or_endless(value, shown):
    warmth = Gauge("warmth", "Warmth.")
    warmth.set(value)

    assert render([warmth, Gauge("x", "X.", read=lambda: value)]).splitlines()[2::3] == [
        f"warmth {shown}",
        f"x {shown}",
    ]


def test_a_gauge_is_set_to_numbers():
    with pytest.raises(ValueError, match="could not convert"):
        Gauge("warmth", "Warmth.").set("hot")


def test_what_cannot_be_read_is_left_out_and_logged_once(caplog):
    answers = iter([1, None, None, 2, "nothing"])
    gauge = Gauge("queue", "Length.", read=lambda: next(answers))

    told = [render([gauge, Counter("x_total", "X.")]) for _ in range(5)]

    assert ["queue" in text for text in told] == [True, False, False, True, False]
    assert all(text.endswith("x_total 0\n") for text in told)
    messages = [record.message for record in caplog.records]
    assert messages == ["the metric queue cannot be read, and is left out"] * 2


def test_lone_surrogates_do_not_break_the_answer():
    hits = Counter("hits_total", "Hits \udc80.", labels=["who"])
    for who in ("\ud800", "\udfff", "?"):
        hits.inc(who=who)

    text = render([hits]).encode().decode()

    assert 'hits_total{who="?"} 3' in text.splitlines()


@pytest.mark.parametrize("other", ["size", "size_sum", "size_count", "size_bucket"])
def test_no_two_metrics_have_series_of_one_name(other):
    sizes = Histogram("size", "Sizes.")

    assert distinct([sizes, Counter("other", "X.")])[0] is sizes
    with pytest.raises(GambrelError, match=f"both have series called {other}"):
        distinct([Counter(other, "X."), sizes])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back(value):
    assert math.isclose(float(show(value)), value)
