import signal
import threading
from pathlib import Path

import pytest

from gambrel.cli.control.ask import ask
from tests.cli.processes import Started, get

APP = """
import asyncio
from pathlib import Path
from gambrel import App
app = App()

@app.get("/slow")
async def slow() -> str:
    print("working", flush=True)
    while not Path("go").exists():
        await asyncio.sleep(0.02)
    return "done"
"""


class Asking(threading.Thread):
    """A request that lasts until there is a file `go`, and what has come of it."""

    def __init__(self, run: Started) -> None:
        super().__init__()
        self.port = run.port()
        self.outcome: object = None
        self.start()
        run.line("working")

    def run(self) -> None:
        try:
            self.outcome = get(self.port, "/slow")
        except OSError as error:
            self.outcome = error


@pytest.fixture
def site(folder: Path) -> Path:
    (folder / "app.py").write_text(APP)
    return folder


def stop_and_look() -> set[str]:
    """Ask a server to stop, and return in what states its workers are after that."""
    ask("c.sock", "stop")[1].close()
    return states()


def states() -> set[str]:
    """Return in what states the workers are."""
    status, connection = ask("c.sock", "status")
    connection.close()
    return {worker.state for worker in status.workers}


def test_stopping_waits_for_requests_in_flight_however_often_it_is_asked(site, gambrel, start):
    run = start("run", "--port", "0", "--control", "c.sock")
    asking = Asking(run)
    while stop_and_look() != {"draining"}:
        pass
    stop_and_look()
    run.process.send_signal(signal.SIGTERM)
    stop_and_look()
    (site / "go").touch()

    result = gambrel("stop", "--control", "c.sock")
    asking.join()

    assert asking.outcome == (200, "done")
    assert run.end(None) == 0
    assert result.exit_code in {0, 1}  # it may have ended before it was asked the last time


@pytest.mark.parametrize("is_asked_before", [False, True])
def test_stopping_now_waits_for_the_end_of_the_server_alone(site, gambrel, start, is_asked_before):
    run = start("run", "--port", "0", "--control", "c.sock")
    asking = Asking(run)
    if is_asked_before:
        stop_and_look()

    result = gambrel("stop", "--control", "c.sock", "--now")
    asking.join()

    assert (result.exit_code, result.output) == (0, "stopped\n")
    assert run.end(None) == 0
    assert not (site / "c.sock").exists()
    assert asking.outcome != (200, "done")


def test_stopping_returns_when_the_server_has_ended(site, gambrel, start):
    run = start("run", "--port", "0", "--control", "c.sock")
    run.port()

    result = gambrel("stop", "--control", "c.sock")

    assert (result.exit_code, result.output) == (0, "stopped\n")
    assert not (site / "c.sock").exists()
    assert run.end(None) == 0


@pytest.mark.parametrize("options", [[], ["--workers", "2", "--control", "c.sock"]])
def test_a_second_sigterm_still_waits_and_a_second_ctrl_c_does_not(site, start, options):
    for number, is_waited_for in ((signal.SIGTERM, True), (signal.SIGINT, False)):
        (site / "go").unlink(missing_ok=True)
        run = start("run", "--port", "0", *options)
        asking = Asking(run)
        run.process.send_signal(number)
        if options:
            while states() != {"draining"}:
                pass
        else:
            run.line("waiting")
        run.process.send_signal(number)
        if is_waited_for:
            (site / "go").touch()
        asking.join()

        assert (asking.outcome == (200, "done")) is is_waited_for
        assert run.end(None) == 0
