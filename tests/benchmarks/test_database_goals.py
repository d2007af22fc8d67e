"""The goals for rows of a database are judged by what was measured."""

from benchmarks.database_goals import database_rows
from benchmarks.report import render
from benchmarks.results import Run, Sample


def sample(target: str, cost: float, workload: str = "row", rate: float = 100) -> Sample:
    return Sample(target, workload, "sqlite", 0, {"CPU µs": cost, "req/s": rate})


def run(*samples: Sample) -> Run:
    return Run("database", "gambrel-fast", list(samples), machine={"CPU": "any"})


def test_a_goal_is_judged_against_each_of_its_references():
    fast, hand = sample("gambrel-fast", 12), sample("by-hand", 10)
    django, fastapi = sample("django-granian", 200), sample("fastapi-sqlalchemy", 50)

    rows = database_rows(run(fast, hand, django, fastapi))

    assert [row[1:4] for row in rows] == [
        ["gambrel-fast ÷ by-hand, row", "≤ 1.25", "1.20 reached"],
        ["gambrel-fast ÷ django-granian, row", "≤ 0.125", "0.06 reached"],
        ["gambrel-fast ÷ fastapi-sqlalchemy, row", "≤ 0.125", "0.24 not reached"],
    ]


def test_records_are_counted_by_the_second():
    rows = database_rows(
        run(sample("gambrel-fast", 1, "create", 4000), sample("gambrel-orm", 1, "list", 9))
    )

    assert [row[1:4] for row in rows] == [
        ["gambrel-fast, create per second", "≥ 3,612", "4,000 reached"],
        ["gambrel-orm, list per second", "≥ 2,358", "9 not reached"],
    ]


def test_what_a_peer_does_not_have_is_left_out_of_the_page():
    text = render(
        run(
            sample("gambrel-fast", 10),
            sample("gambrel-fast", 20, "unit"),
            sample("django-bolt", 30),
        )
    )

    assert "## Rows of a database" in text
    assert "relative to gambrel-fast: on SQLite" in text
    assert "failed" not in text
