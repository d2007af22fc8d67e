"""The loops a server may run on: tests that ask for `every_loop` run on each."""

import asyncio

import pytest

from gambrel.server.serve import new_event_loop
from tests.server import live


@pytest.fixture(params=[new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def every_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "loop_factory", request.param)
