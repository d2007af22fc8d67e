import itertools
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from gambrel.observability.metrics import shared
from gambrel.observability.metrics.kinds import SERIES, Counter, Gauge, Histogram, Metric, render
from gambrel.observability.metrics.process import descriptors
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


_NUMBERS = itertools.count(100_000)


class Process:
    """One process's figures."""

    def __init__(self, folder: Path, orders: int, gauge: float, *values: float) -> None:
        self.metrics = metrics()
        self.shared = SharedFigures(folder, self.metrics, process=next(_NUMBERS))
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
    assert len(list(tmp_path.glob("0/*.figures"))) == 1
    assert len(list(tmp_path.glob("0/*.lock"))) == 1
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


@pytest.mark.parametrize("nonsense", [b"", b"{", b"\x81\xa5queue\x03", b"\xff"])
def test_a_file_that_makes_no_sense_is_left_out(tmp_path, nonsense):
    own, other = Process(tmp_path, 1, 1), Process(tmp_path, 2, 2)
    other.shared.file(other.shared.name, "figures").write_bytes(nonsense)

    assert own.shown()['orders_total{kind="book"}'] == 1


def test_a_metric_whose_bounds_or_labels_have_changed_starts_anew(tmp_path, caplog):
    one = Process(tmp_path, 1, 1, 0.5)
    Process(tmp_path, 1, 1, 0.5).shared.close()
    changed: list[Metric] = [
        Histogram("seconds", "How long.", bounds=[1, 5]),
        Counter("orders_total", "Orders.", ["shop"]),
        Gauge("queue", "Waiting.", ["kind"]),
    ]
    own = SharedFigures(tmp_path, changed)

    for _ in range(2):
        assert [list(one.samples()) for one in own.merged(own.write())] == [[], [], []]
    assert [record.args and record.args[0] for record in caplog.records] == [
        "orders_total", "queue", "seconds",
    ]  # fmt: skip
    assert one.shown()["seconds_count"] == 2


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gauge_without_a_number_takes_no_other_figures_with_it(tmp_path, value):
    one, other = Process(tmp_path, 1, 1), Process(tmp_path, 2, value)

    assert one.shown()['orders_total{kind="book"}'] == 3
    assert not math.isfinite(other.shown()["queue"])


def test_what_has_ended_is_added_once_though_its_file_was_not_removed(tmp_path):
    one, other = Process(tmp_path, 1, 1), Process(tmp_path, 2, 2)
    other.shared.close()
    files = [other.shared.file(other.shared.name, kind) for kind in ("figures", "lock")]
    kept = [file.read_bytes() for file in files]
    one.shown()
    for file, content in zip(files, kept, strict=True):  # as one that was killed before it did
        file.write_bytes(content)

    assert [one.shown()['orders_total{kind="book"}'] for _ in range(3)] == [3, 3, 3]
    assert not any(file.exists() for file in files)


def test_totals_have_no_more_series_than_a_metric(tmp_path):
    for start in (0, SERIES):
        counter = Counter("orders_total", "Orders.", ["kind"])
        for kind in range(start, start + SERIES - 1):
            counter.inc(kind=str(kind))
        ended = SharedFigures(tmp_path, [counter], process=next(_NUMBERS))
        ended.close()
    own = SharedFigures(tmp_path, [Counter("orders_total", "Orders.", ["kind"])])
    [merged] = own.merged(own.write())

    assert isinstance(merged, Counter)
    assert len(merged.values) == SERIES + 1
    assert merged.values["other",] == SERIES - 2
    assert sum(merged.values.values()) == 2 * SERIES - 2


def test_two_apps_of_one_process_have_figures_of_their_own(tmp_path):
    outer, inner = (SharedFigures(tmp_path, metrics()) for _ in range(2))
    other_outer, other_inner = (SharedFigures(tmp_path, metrics(), process=7) for _ in range(2))

    assert (outer.folder, inner.folder) == (tmp_path / "0", tmp_path / "1")
    assert (other_outer.folder, other_inner.folder) == (tmp_path / "0", tmp_path / "1")
    outer.close()
    assert SharedFigures(tmp_path, metrics()).folder == tmp_path / "0"


def test_a_folder_that_nobody_lets_go_of_is_not_waited_for_without_end(tmp_path, monkeypatch):
    one, other = Process(tmp_path, 1, 1), Process(tmp_path, 1, 1)
    monkeypatch.setattr(shared, "PATIENCE", 0.0)

    with one.shared.alone(), pytest.raises(TimeoutError, match="holds"):
        other.shown()


def test_a_disk_that_is_full_is_told_once_and_nothing_is_lost(tmp_path, caplog):
    one, other = Process(tmp_path, 1, 1), Process(tmp_path, 2, 2)
    other.shared.close()
    (tmp_path / "0" / f".totals.{one.shared.name}").mkdir()  # so that no draft can be written

    assert [one.shown()['orders_total{kind="book"}'] for _ in range(3)] == [3, 3, 3]
    assert len(caplog.records) == 1
    (tmp_path / "0" / f".totals.{one.shared.name}").rmdir()
    assert [one.shown()['orders_total{kind="book"}'] for _ in range(2)] == [3, 3]


def test_nobody_else_reads_the_folder(tmp_path):
    Process(tmp_path / "metrics", 1, 1)

    assert (tmp_path / "metrics").stat().st_mode & 0o777 == 0o700


APP = """
import os

from gambrel import App
from gambrel.observability.metrics import Metrics

app = App(extensions=[Metrics()])

@app.get("/")
async def home() -> str:
    return "hello"

@app.get("/pid")
async def pid() -> int:
    return os.getpid()
"""


def test_workers_show_their_figures_together_and_lose_none_that_they_left(tmp_path, monkeypatch):
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
        after = [answered()]
        killed = int(get(port, "/pid")[1])
        os.kill(killed, signal.SIGKILL)
        until_another_serves(port, killed)
        after.append(answered())
        assert server.end() == 0
    finally:
        server.close()

    assert sorted(before) == before
    assert after == [20, 20]


def until_another_serves(port: int, killed: int) -> None:
    """Ask until a worker has answered twice that is not the one that was killed."""
    found: list[str] = []
    while len(found) < 2:
        with suppress(OSError):
            found += [answer for _, answer in [get(port, "/pid")] if answer != str(killed)]


def test_a_folder_that_somebody_cleans_is_used_again(tmp_path, caplog):
    one, other = Process(tmp_path, 2, 5), Process(tmp_path, 3, 7)
    for file in [*tmp_path.rglob("*.lock"), *tmp_path.rglob("all")]:
        file.unlink()

    one.shared.write()
    other.shared.write()

    assert one.shown()['orders_total{kind="book"}'] == 5
    assert len([record for record in caplog.records if "has cleaned" in record.message]) == 2

    shutil.rmtree(tmp_path)
    one.shared.write()
    other.shared.write()

    assert other.shown()['orders_total{kind="book"}'] == 5
    one.shared.close()
    other.shared.close()


def test_files_are_touched_now_and_then_for_who_cleans_what_is_old(tmp_path, monkeypatch):
    monkeypatch.setattr(shared, "EVERY", -1.0)
    one = Process(tmp_path, 2, 5)
    files = list(one.shared.folder.iterdir())
    for file in files:
        os.utime(file, (0, 0))

    one.shared.write()

    assert all(file.stat().st_mtime > 0 for file in files)
    one.shared.close()


def test_where_the_folder_cannot_be_made_again_that_is_told_once(tmp_path, caplog):
    folder = tmp_path / "figures"
    one = Process(folder, 2, 5)
    shutil.rmtree(folder)
    folder.write_text("")  # a file of that name
    before = descriptors()

    for _ in range(3):
        one.shared.write()

    told = [record for record in caplog.records if "cannot be left" in record.message]
    assert len(told) == 1
    assert descriptors() <= before
    folder.unlink()
    one.shared.write()
    assert one.shown()['orders_total{kind="book"}'] == 2
    one.shared.close()
