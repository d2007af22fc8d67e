import os
import socket
from pathlib import Path

import pytest

from gambrel.server.notify import Notifier


@pytest.fixture
def manager(tmp_path: Path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(10)
        yield found


def test_states_reach_the_service_manager(manager, tmp_path):
    notifier = Notifier.of_environment({"NOTIFY_SOCKET": str(tmp_path / "notify")})

    notifier.ready()
    notifier.reloading()
    notifier.stopping()

    assert manager.recv(1000) == f"READY=1\nMAINPID={os.getpid()}".encode()
    assert manager.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
    assert manager.recv(1000) == b"STOPPING=1"


def test_the_manager_hears_that_we_live_as_often_as_it_wants(manager, tmp_path):
    given = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "60000000"}
    notifier = Notifier.of_environment(given)

    notifier.alive()
    notifier.alive()
    notifier.stopping()

    assert notifier.interval == 30
    assert [manager.recv(1000), manager.recv(1000)] == [b"WATCHDOG=1", b"STOPPING=1"]


@pytest.mark.parametrize(
    "given", [{}, {"WATCHDOG_USEC": "x"}, {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}]
)
def test_without_a_manager_nothing_is_told(given):
    notifier = Notifier.of_environment(given)

    notifier.ready()
    notifier.alive()

    assert notifier.interval == 0


def test_a_manager_that_has_gone_is_no_failure(tmp_path):
    Notifier(str(tmp_path / "nobody")).ready()


def test_an_abstract_address_is_understood():
    assert Notifier("@gambrel").address == "\0gambrel"
