import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gambrel.observability.metrics.kinds import Counter, Gauge, Histogram, Metric, render
from gambrel.observability.metrics.shared import SharedFigures
from tests.cli.processes import Started, get


def metrics() -> list[Metric]:
    return [
        Counter("orders_total", "Orders.", ["kind"]),
        Gauge("queue", "Waiting."),
        Gauge("oldest", "Seconds.", across="max"),
        Gauge("started", "When.", across="min"),
        Histogram("seconds", "How long.", bounds=[1, 10]),
    ]


class Process:
    """One process's figures."""

    def __init__(self, folder: Path, orders: int, gauge: float, *values: float) -> None:
        self.metrics = metrics()
        self.shared = SharedFigures(folder, self.metrics)
        counter, *gauges, histogram = self.metrics
        assert isinstance(counter, Counter)
        assert isinstance(histogram, Histogram)
        counter.inc(orders, kind="book")
        for one in gauges:
            assert isinstance(one, Gauge)
            one.set(gauge)
        for value in values:
            histogram.observe(value)
        self.shared.write()

    def shown(self) -> dict[str, float]:
        lines = render(self.shared.merged(self.shared.write())).splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}


def test_the_figures_of_all_processes_are_shown_by_each(tmp_path):
    one, other = Process(tmp_path / "new", 2, 5, 0.5), Process(tmp_path / "new", 3, 7, 0.5, 20)

    assert one.shown() == other.shown()
    assert one.shown() == {
        'orders_total{kind="book"}': 5,
        "queue": 12,
        "oldest": 7,
        "started": 5,
        'seconds_bucket{le="1"}': 2,
        'seconds_bucket{le="10"}': 2,
        'seconds_bucket{le="+Inf"}': 3,
        "seconds_sum": 21,
        "seconds_count": 3,
    }


def test_what_was_counted_stays_when_a_process_ends_and_its_gauges_go(tmp_path):
    one, other, third = (Process(tmp_path, 1, 10, 0.5) for _ in range(3))
    other.shared.close()
    third.shared.close()

    for _ in range(2):  # it is added once
        shown = one.shown()
        assert shown['orders_total{kind="book"}'] == 3
        assert shown["seconds_count"] == 3
        assert shown["queue"] == 10
    assert len(list(tmp_path.glob("*.json"))) == 1
    assert len(list(tmp_path.glob("*.lock"))) == 1
    assert Process(tmp_path, 1, 1).shown()['orders_total{kind="book"}'] == 4


def test_a_process_that_was_killed_is_told_from_one_that_lives(tmp_path):
    program = (
        "import sys, pathlib, time\n"
        "from tests.observability.metrics.test_shared import Process\n"
        "one = Process(pathlib.Path(sys.argv[1]), 7, 100)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    own = Process(tmp_path, 1, 1)
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        living = own.shown()
        other.send_signal(signal.SIGKILL)
    killed = own.shown()

    assert (living['orders_total{kind="book"}'], living["queue"]) == (8, 101)
    assert (killed['orders_total{kind="book"}'], killed["queue"]) == (8, 1)


@pytest.mark.parametrize("nonsense", [b"", b"{", b'{"orders_total": 3}', b"\xff"])
def test_a_file_that_makes_no_sense_is_left_out(tmp_path, nonsense):
    own, other = Process(tmp_path, 1, 1), Process(tmp_path, 2, 2)
    other.shared.file_of(tmp_path / f"{other.shared.name}.lock").write_bytes(nonsense)

    assert own.shown()['orders_total{kind="book"}'] == 1


def test_a_histogram_whose_bounds_have_changed_starts_anew(tmp_path):
    Process(tmp_path, 1, 1, 0.5).shared.close()
    changed = [Histogram("seconds", "How long.", bounds=[1, 5, 10])]
    shared = SharedFigures(tmp_path, changed)

    assert shared.merged(shared.write())[0].counts == {}  # type: ignore[attr-defined]


def test_nobody_else_reads_the_folder(tmp_path):
    Process(tmp_path / "metrics", 1, 1)

    assert (tmp_path / "metrics").stat().st_mode & 0o777 == 0o700


APP = """
from gambrel import App
from gambrel.observability.metrics import Metrics

app = App(extensions=[Metrics()])

@app.get("/")
async def home() -> str:
    return "hello"
"""


def test_workers_show_their_figures_together_and_lose_none_by_a_reload(tmp_path, monkeypatch):
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    control = str(tmp_path / "control.sock")
    server = Started(["run", "app.py", "--port", "0", "--workers", "2", "--control", control], {})
    try:
        port = server.port()

        def answered() -> int:
            figures = get(port, "/metrics")[1]
            found = re.search(
                r'http_requests_total\{method="GET",route="/",status="200"\} (\d+)', figures
            )
            return int(found[1]) if found else 0

        for _ in range(20):
            get(port)
        before = [answered()]
        while before[-1] < 20:  # what the other worker has counted is up to a second old
            threading.Event().wait(0.05)
            before.append(answered())
        reload = Started(["reload", "--control", control], {})
        try:
            assert reload.end(None) == 0
        finally:
            reload.close()
        after = answered()
        assert server.end() == 0
    finally:
        server.close()

    assert sorted(before) == before
    assert after == 20
