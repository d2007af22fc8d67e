"""A served app in a process of its own, for the scenarios that are named by their numbers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.processes import Started

APP = Path(__file__).with_name("app.py")


@pytest.fixture
def serve() -> Iterator[Callable[..., Started]]:
    """Run `gambrel run app.py` with options, and end it afterwards."""
    running: list[Started] = []

    def begin(*options: str, **environ: str) -> Started:
        run = Started(["run", str(APP), "--port", "0", *options], environ)
        running.append(run)
        return run

    yield begin
    for run in running:
        run.close()
