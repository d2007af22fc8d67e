"""The page of results says truly what was reached."""

from benchmarks.goals import ratio_rows, start_rows, verdict
from benchmarks.ratios import interval, pairs, show
from benchmarks.report import render_page
from benchmarks.results import Run, Sample


def sample(target: str, cost: float, number: int = 0, workload: str = "W1") -> Sample:
    return Sample(target, workload, "1", number, {"CPU µs": cost})


def run(kind: str, *samples: Sample) -> Run:
    return Run(kind, "gambrel-async", list(samples), machine={"CPU": "any"})


def test_a_ratio_is_made_within_one_round_only():
    ours = [sample("a", 10, 0), sample("a", 30, 1), sample("a", 5, 2)]
    theirs = [sample("b", 20, 1), sample("b", 10, 0)]

    assert pairs(ours, theirs) == [1.0, 1.5]


def test_an_interval_holds_the_median_and_not_the_outlier():
    low, high = interval([1.0, 1.01, 1.02, 0.99, 1.0, 1.01, 0.98, 1.0, 9.0])

    assert 0.98 <= low <= 1.0 <= high <= 1.02
    assert show([1.0, 1.0]) == "1.00 [1.00, 1.00]"
    assert show([]) == "?"


def test_a_limit_inside_the_interval_is_said_to_be_within_noise():
    assert verdict([0.9, 0.95, 1.0], 1.05) == "reached"
    assert verdict([1.2, 1.3, 1.4], 1.05) == "not reached"
    assert verdict([0.9, 1.0, 1.2], 1.05) == "reached, within noise"
    assert verdict([0.9, 1.1, 1.2], 1.05) == "not reached, within noise"


def test_a_head_to_head_is_preferred_to_the_table():
    table = run("table", sample("gambrel-async", 30), sample("django-bolt", 10))
    compare = run("compare", sample("gambrel-async", 10), sample("django-bolt", 10))

    (row,) = ratio_rows({"table": table, "compare": compare})

    assert row[:4] == ["async ÷ django-bolt", "≤ 1.05 (W3 ≤ 1.1)", "1", "1.00 reached"]


def test_typed_parameters_have_a_limit_of_their_own():
    costs = [sample(n, c, workload="W3") for n, c in (("gambrel-async", 108), ("django-bolt", 100))]

    (row,) = ratio_rows({"compare": run("compare", *costs)})

    assert row[3:8] == ["", "", "1.08 reached", "", "1"]


def test_the_start_is_held_against_the_leanest_peer():
    def start(target: str, cpu: float, memory: float) -> Sample:
        return Sample(target, "start", "", 0, {"CPU ms": cpu, "RSS MB": memory})

    peers = start("robyn", 119, 35), start("flask-gunicorn", 180, 29), start("raw-own", 50, 15)

    rows = start_rows(run("startup", start("gambrel-async", 100, 30), *peers))

    assert [(row[1], row[4]) for row in rows] == [
        ("≤ 120", "reached"),
        ("< robyn (119.0)", "reached"),
        ("≤ 36", "reached"),
        ("< flask-gunicorn (29.0)", "not reached"),
    ]


def test_the_whole_page_comes_before_the_goals_and_they_before_the_microseconds():
    table = run("table", sample("gambrel-async", 10), sample("django-bolt", 10))
    page = run("page", Sample("gambrel-pool", "page", "10", 0, {"CPU µs": 100.0, "p99 ms": 2.0}))

    text = render_page([table, page])

    assert text.index("## A whole page") < text.index("## Goals") < text.index("## All servers")
