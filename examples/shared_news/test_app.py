"""What one worker is told reaches the clients of all, and those who come back."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
from shared_news.app import News, app

from gambrel.testing import Client

COMMAND = [sys.executable, "-m", "gambrel.cli.main", "run", "--port", "0", "--workers", "2"]
READERS = 6


@contextmanager
def serving(instance: Path) -> Iterator[str]:
    """Run the example with two workers, and return its address."""
    control = instance / "control"
    server = subprocess.Popen(
        [*COMMAND, "--control", str(control), str(Path(__file__).parent)],
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


def readers_of_workers(control: Path) -> list[int]:
    """Return how many connections each worker has; it tells a moment later."""
    command = [sys.executable, "-m", "gambrel.cli.main", "status", "--json"]
    readers = [0]
    for _ in range(100):
        told = subprocess.check_output([*command, "--control", str(control)])
        readers = [worker["connections"] for worker in json.loads(told)["workers"]]
        if sum(readers) >= READERS:
            break
    return readers


def events(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Yield id and text of each event."""
    number = ""
    for line in lines:
        if line.startswith("id: "):
            number = line.removeprefix("id: ")
        elif line.startswith("data: "):
            yield number, line.removeprefix("data: ")


def test_every_reader_of_every_worker_hears_of_it(tmp_path):
    with serving(tmp_path) as url, ExitStack() as stack:
        # each on a connection of its own, and connections go to the worker that has the fewest
        streams = [
            stack.enter_context(httpx2.stream("GET", f"{url}/news", timeout=30))
            for _ in range(READERS)
        ]
        assert min(readers_of_workers(tmp_path / "control")) > 0
        for text in ("one", "two"):
            assert httpx2.post(f"{url}/news", params={"text": text}).status_code == 200
        heard = [events(stream.iter_lines()) for stream in streams]

        assert [[next(one), next(one)] for one in heard] == [[("1", "one"), ("2", "two")]] * READERS


def test_who_comes_back_after_a_restart_goes_on_where_they_were(tmp_path, monkeypatch):
    monkeypatch.setenv("GAMBREL_INSTANCE", str(tmp_path))
    news = News(tmp_path / "news.db")
    for text in ("one", "two", "three"):
        news.add(text)

    with (
        Client(app) as client,
        client.stream("GET", "/news", headers={"last-event-id": "2"}) as stream,
    ):
        assert next(events(stream.iter_lines())) == ("3", "three")
