"""The counts in two workers, and in two that come after them."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from shared_counts.app import Counts, app

from gambrel.testing import Client

COMMAND = [sys.executable, "-m", "gambrel.cli.main", "run", "--port", "0", "--workers", "2"]


@contextmanager
def serving(instance: Path) -> Iterator[str]:
    """Run the example with two workers, and return its address."""
    server = subprocess.Popen(
        [*COMMAND, str(Path(__file__).parent)],
        env={**os.environ, "GAMBREL_INSTANCE": str(instance)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield re.search(r"http://\S+", server.stdout.readline())[0]
    finally:
        server.terminate()
        server.wait(60)
        server.stdout.close()


def test_each_visit_is_counted_once_by_all_workers_and_kept(tmp_path):
    with serving(tmp_path) as url:
        for number in range(1, 41):  # each on a connection of its own, so both workers have some
            assert f"visitor {number} of" in httpx2.get(f"{url}/pages/news").text

    with serving(tmp_path) as url:
        assert httpx2.get(f"{url}/counts").json() == {"home": 0, "about": 0, "news": 40}


def test_processes_that_add_at_the_same_time_lose_nothing(tmp_path):
    counts = Counts(tmp_path / "counts", ("a", "b"))
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            mine = Counts(tmp_path / "counts", ("a", "b"))
            for _ in range(5000):
                mine.add("b")
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0

    assert (counts["a"], counts["b"]) == (0, 15_000)
    counts.close()


def test_a_page_that_is_none_is_not_counted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with Client(app) as client:
        assert client.get("/pages/nothing").status_code == 404
        assert set(client.get("/counts").json().values()) == {0}


def test_a_name_without_a_number_is_an_error(tmp_path):
    counts = Counts(tmp_path / "counts", ("a",))

    with pytest.raises(KeyError):
        counts.add("b")
    counts.close()
