import json

import pytest

from gambrel.cli.control.status import duration


def test_the_workers_are_shown(gambrel, shop, start):
    run = start("run", "--port", "0", "--workers", "2", "--control", "c.sock")
    run.port()

    shown = gambrel("status", "--control", "c.sock").output
    told = json.loads(gambrel("status", "--control", "c.sock", "--json").output)

    assert f"(pid {run.process.pid})" in shown
    assert shown.count("ready") == 2
    assert (told["wanted"], len(told["workers"])) == (2, 2)
    assert all(worker["memory"] > 1_000_000 for worker in told["workers"])
    assert run.end() == 0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (2e5, "2 d")]
)
def test_times_are_as_people_say_them(seconds, text):
    assert duration(seconds) == text
